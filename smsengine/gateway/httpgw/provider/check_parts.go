package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

func (c *checker) send() {
	s := &c.p.Send
	c.oneOf("send.method", s.Method, http.MethodGet, http.MethodPost, http.MethodPut)
	if s.URL.IsZero() {
		c.bad("send.url", "there is none")
	}
	c.template("send.url", template.URL, &s.URL)
	c.templates("send.headers", template.Header, s.Headers)
	c.templates("send.query", template.Field, s.Query)
	c.templates("send.form", template.Field, s.Form)
	s.JSON.root.each(func(t *Template) { c.template("send.json", template.Text, t) })
	c.template("send.raw", template.Text, &s.Raw)
	bodies := 0
	for _, has := range []bool{len(s.Form) > 0, !s.JSON.IsZero(), !s.Raw.IsZero()} {
		if has {
			bodies++
		}
	}
	switch {
	case bodies > 1:
		c.bad("send", "a request has one body: form, json or raw")
	case bodies > 0 && s.Method == http.MethodGet:
		c.bad("send.method", "GET has no body: put the values into send.query")
	case !s.Raw.IsZero() && s.ContentType == "":
		c.bad("send.content_type", "say what send.raw is")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if strings.EqualFold(name, "Authorization") {
			c.bad("send.headers."+name, "that belongs into send.auth")
		}
	}
	c.auth()
	for key, d := range map[string]Duration{
		"connect": s.Timeouts.Connect, "tls": s.Timeouts.TLS, "answer": s.Timeouts.Answer, "whole": s.Timeouts.Whole,
	} {
		if d <= 0 {
			c.bad("send.timeouts."+key, `want a time such as "10s"`)
		}
	}
	if s.Repeatable && s.IdempotencyHeader == "" && !c.used["msgid"] {
		c.bad("send.repeatable", `the request does not carry our name for the text: use idempotency_header or "%%msgid%%"`)
	}
}

// auth checks that the kind has what it needs, and nothing else.
func (c *checker) auth() {
	a := &c.p.Send.Auth
	has := map[string]bool{"name": a.Name != "", "service": a.Service != ""}
	for key, t := range map[string]*Template{
		"user": &a.User, "password": &a.Password, "token": &a.Token, "region": &a.Region,
		"access_key": &a.AccessKey, "secret_key": &a.SecretKey, "session_token": &a.SessionToken,
		"client_id": &a.ClientID, "client_secret": &a.ClientSecret,
	} {
		c.template("send.auth."+key, template.Text, t)
		has[key] = !t.IsZero()
	}
	place, special := authPlaces[a.Kind]
	if !special {
		place = template.Text
	}
	c.template("send.auth.value", place, &a.Value)
	c.template("send.auth.token_url", template.URL, &a.TokenURL)
	has["value"], has["token_url"] = !a.Value.IsZero(), !a.TokenURL.IsZero()
	wants, ok := authValues[a.Kind]
	if !ok {
		c.bad("send.auth.kind", "%q: write %s", a.Kind, quoted(kinds()))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(has)) {
		want := slices.Contains(wants, key)
		switch {
		case want && !has[key]:
			c.bad("send.auth."+key, "%q needs it", a.Kind)
		case has[key] && !want && !(key == "session_token" && a.Kind == SigV4Auth):
			c.bad("send.auth."+key, "%q has no use for it", a.Kind)
		}
	}
}

// authPlaces says where a value stands that is no text of its own.
var authPlaces = map[AuthKind]template.Place{HeaderAuth: template.Header, QueryAuth: template.Field}

var authValues = map[AuthKind][]string{
	NoAuth: {}, BasicAuth: {"user", "password"}, BearerAuth: {"token"},
	HeaderAuth: {"name", "value"}, QueryAuth: {"name", "value"},
	SigV4Auth:       {"service", "region", "access_key", "secret_key"},
	OAuth2Auth:      {"token_url", "client_id", "client_secret"},
	CertificateAuth: {},
}

func kinds() (names []string) {
	for k := range authValues {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

func (c *checker) answer() {
	a := &c.p.Answer
	if a.ID.IsMsgID() && c.p.Send.IdempotencyHeader == "" && !c.used["msgid"] {
		c.bad("answer.id", `the request does not carry our name for the text: use "%%msgid%%"`)
	}
	for _, s := range slices.Sorted(maps.Keys(a.Status)) {
		if _, err := parseStatus(s); err != nil {
			c.bad("answer.status."+s, "%v", err)
		}
	}
	if len(a.Codes) > 0 && len(a.Code) == 0 {
		c.bad("answer.code", "it does not say where the codes stand")
	}
	for i, m := range a.Match {
		key := fmt.Sprintf("answer.match[%d]", i)
		if m.Text.Regexp == nil {
			c.bad(key+".text", "it matches nothing")
		}
		if m.Outcome.Kind == "" {
			c.bad(key+".outcome", "it has none")
		}
		if m.Status != "" {
			if _, err := parseStatus(m.Status); err != nil {
				c.bad(key+".status", "%v", err)
			}
		}
	}
}

func (c *checker) hook(key string, h *Hook) {
	for _, m := range h.Methods {
		c.oneOf(key+".methods", m, http.MethodGet, http.MethodPost, http.MethodPut)
	}
	if h.Reply.Status != 0 && (h.Reply.Status < 200 || h.Reply.Status > 299) {
		c.bad(key+".reply.status", "the provider would bring it again: want 200 to 299")
	}
	c.signature(key+".signature", &h.Signature)
}

// signature checks that the kind has what it needs.
func (c *checker) signature(key string, s *Signature) {
	c.template(key+".key", template.Text, &s.Key)
	c.template(key+".user", template.Text, &s.User)
	c.template(key+".password", template.Text, &s.Password)
	need := func(name string, has bool) {
		if !has {
			c.bad(key+"."+name, "%q needs it", s.Kind)
		}
	}
	switch s.Kind {
	case NoSignature, SNSSignature:
	case BasicSignature:
		need("user", !s.User.IsZero())
		need("password", !s.Password.IsZero())
	case HMACSignature:
		need("header", s.Header != "")
		need("key", !s.Key.IsZero())
		need("over", s.Over != "")
		c.oneOf(key+".algorithm", s.Algorithm, "md5", "sha1", "sha256", "sha512")
		c.oneOf(key+".encoding", s.Encoding, "hex", "base64")
	case Ed25519Signature:
		need("header", s.Header != "")
		need("key", !s.Key.IsZero())
		need("over", s.Over != "")
		c.oneOf(key+".encoding", s.Encoding, "hex", "base64")
	case HeaderSignature, JWTSignature:
		need("header", s.Header != "")
		need("key", !s.Key.IsZero())
	case TwilioSignature, PlivoSignature, VonageSignature, StandardSignature:
		need("key", !s.Key.IsZero())
	default:
		c.bad(key+".kind", "%q is none that Postel knows", s.Kind)
	}
}
