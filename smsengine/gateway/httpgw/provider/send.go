package provider

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Send is the request that hands over a text. A header, query or form value,
// and a member of a JSON object, is left out if nothing comes of its variables,
// or if a value that the site may give is not given.
type Send struct {
	Method  string              `toml:"method"` // "POST" unless it says otherwise
	URL     Template            `toml:"url"`
	Headers map[string]Template `toml:"headers"`
	Query   map[string]Template `toml:"query"` // besides what the URL has

	// The body: one of these, or none.
	Form map[string]Template `toml:"form"` // application/x-www-form-urlencoded, in UTF-8
	JSON JSON                `toml:"json"`
	Raw  Template            `toml:"raw"`
	// ContentType of Raw.
	ContentType string `toml:"content_type"`

	// Values is set if senders of texts may add parameters of their own to the
	// query, as "value" in their address.
	Values bool `toml:"values"`

	// MaxValidity bounds the variables %seconds% and %minutes%; 0: nothing does.
	MaxValidity Duration `toml:"max_validity"`

	Auth     Auth     `toml:"auth"`
	Timeouts Timeouts `toml:"timeouts"`

	// IdempotencyHeader is a header field that gets our name for the part, by which
	// the provider tells a repetition. A member of the body can carry "%msgid%" as
	// well.
	IdempotencyHeader string `toml:"idempotency_header"`
	// Repeatable says that the provider's document promises that the same name is
	// never sent twice: what is unsure may be repeated.
	Repeatable bool `toml:"repeatable"`
}

// Templates are all of the request but its URL and what proves who asks.
func (s *Send) Templates() []Template {
	var all []Template
	for _, ts := range []map[string]Template{s.Headers, s.Query, s.Form} {
		all = slices.AppendSeq(all, maps.Values(ts))
	}
	s.JSON.root.each(func(t *Template) { all = append(all, *t) })
	return append(all, s.Raw)
}

// AuthKind is how the provider knows who asks.
type AuthKind string

// The kinds.
const (
	NoAuth          AuthKind = ""            // nothing, or values in the URL, the form or the body
	BasicAuth       AuthKind = "basic"       // user, password (RFC 7617)
	BearerAuth      AuthKind = "bearer"      // token (RFC 6750)
	HeaderAuth      AuthKind = "header"      // name, value
	QueryAuth       AuthKind = "query"       // name, value
	SigV4Auth       AuthKind = "sigv4"       // service, region, access_key, secret_key, session_token
	OAuth2Auth      AuthKind = "oauth2"      // token_url, client_id, client_secret, scopes (RFC 6749 §4.4)
	CertificateAuth AuthKind = "certificate" // the gateway's client_certificate
)

// Auth is how the request proves who asks. Each kind has its own values.
type Auth struct {
	Kind AuthKind `toml:"kind"`

	User     Template `toml:"user"`
	Password Template `toml:"password"`
	Token    Template `toml:"token"`
	Name     string   `toml:"name"`
	Value    Template `toml:"value"`

	Service      string   `toml:"service"`
	Region       Template `toml:"region"`
	AccessKey    Template `toml:"access_key"`
	SecretKey    Template `toml:"secret_key"`
	SessionToken Template `toml:"session_token"`

	TokenURL     Template `toml:"token_url"`
	ClientID     Template `toml:"client_id"`
	ClientSecret Template `toml:"client_secret"`
	Scopes       []string `toml:"scopes"`
}

// Timeouts bound each phase of a request.
type Timeouts struct {
	Connect Duration `toml:"connect"` // name look-up and TCP, of each address
	TLS     Duration `toml:"tls"`
	Answer  Duration `toml:"answer"` // from the end of the request to the head of the answer
	Whole   Duration `toml:"whole"`  // all of it, with the answer's body
}

// DefaultTimeouts are what a file means that does not say otherwise.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Connect: Duration(10 * time.Second), TLS: Duration(10 * time.Second),
		Answer: Duration(30 * time.Second), Whole: Duration(50 * time.Second),
	}
}

// Duration is a span of time, written as Go does: "10s", "1m".
type Duration time.Duration

// UnmarshalText reads a duration. It cannot be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return errors.New(`want a time in quotes, such as "200ms" or "10s"`)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

// Rate is a number of requests in a time, written "10/s", "600/m" or "1000/h".
type Rate struct {
	Number int
	Per    time.Duration
}

// IsZero reports whether there is no limit.
func (r Rate) IsZero() bool { return r.Number == 0 }

var rateUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(number)
	per, ok := rateUnits[unit]
	if err != nil || n < 1 || !ok {
		return errors.New(`want a number of requests in a second, a minute or an hour: "10/s", "600/m", "1000/h"`)
	}
	*r = Rate{n, per}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Rate) String() string {
	for unit, per := range rateUnits {
		if per == r.Per && r.Number > 0 {
			return strconv.Itoa(r.Number) + "/" + unit
		}
	}
	return ""
}
