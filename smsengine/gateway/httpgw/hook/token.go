package hook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// token is a JSON Web Token with an HMAC (RFC 7519, RFC 7515). What "alg" it
// names counts for nothing: the provider file says which it is.
type token struct {
	provider.Signature
	key  []byte
	age  time.Duration
	name string // of the algorithm in the token
}

var tokenNames = map[string]string{"": "HS256", "sha256": "HS256", "sha512": "HS512"}

// longestToken is more than any provider's is, in octets.
const longestToken = 16 << 10

func newToken(s provider.Signature, key string, age time.Duration) (verifier, error) {
	name, ok := tokenNames[s.Algorithm]
	if !ok {
		return nil, fmt.Errorf("algorithm %q: a token has sha256 or sha512", s.Algorithm)
	}
	for _, claim := range slices.Sorted(maps.Keys(s.Claims)) {
		if err := checkVariables(s.Claims[claim]); err != nil {
			return nil, fmt.Errorf("claims.%s: %w", claim, err)
		}
	}
	if age == 0 {
		age = tolerance
	}
	return token{s, []byte(key), age, name}, nil
}

func (t token) verify(c *caller) *Refusal {
	raw, ok := cutPrefixFold(c.Header.Get(t.Header), t.Prefix)
	if !ok || raw == "" {
		return forged("there is no token in %s", t.Header)
	}
	payload, claims, refused := t.open(strings.TrimSpace(raw))
	if refused != nil {
		return refused
	}
	if t.Payload {
		c.doc = &provider.Document{Header: c.Header, Query: c.doc.Query, Form: members(payload), Body: payload}
	}
	if refused := t.current(claims, c.now); refused != nil {
		return refused
	}
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		want := fill(t.Claims[name], c, "", "", true)
		got, there := claims[name]
		if !there && len(c.Body) == 0 && strings.Contains(t.Claims[name], "%body_sha256%") {
			continue // a request without a body needs no digest of it
		}
		if s, _ := got.(string); !same(s, want) {
			return forged("the token's %s is not that of this request", name)
		}
	}
	return nil
}

// cutPrefixFold cuts a prefix such as "Bearer ", whose case does not matter.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// open checks the signature, and gives what it covers.
func (t token) open(raw string) (payload []byte, claims map[string]any, refused *Refusal) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || len(raw) > longestToken {
		return nil, nil, forged("what stands in %s is no token", t.Header)
	}
	hash := hashes["sha256"]
	if t.name == "HS512" {
		hash = hashes["sha512"]
	}
	want := base64.RawURLEncoding.EncodeToString(mac(hash, t.key, []byte(parts[0]+"."+parts[1])))
	if !same(strings.TrimRight(parts[2], "="), want) {
		return nil, nil, forged("the token in %s is not signed with the key", t.Header)
	}
	var head struct {
		Alg string `json:"alg"`
	}
	if b, err := part(parts[0]); err != nil || json.Unmarshal(b, &head) != nil || head.Alg != t.name {
		return nil, nil, forged("the token in %s is not one of %s", t.Header, t.name)
	}
	payload, err := part(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return nil, nil, forged("the token in %s has no claims", t.Header)
	}
	return payload, claims, nil
}

// part decodes one of the three parts of a token.
func part(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// leeway is how wrong clocks may be.
const leeway = time.Minute

// current looks at the times of RFC 7519 §4.1: exp and nbf, and iat where
// nothing says how long the token holds.
func (t token) current(claims map[string]any, now time.Time) *Refusal {
	at := func(name string) (time.Time, bool) {
		n, ok := claims[name].(float64)
		return time.Unix(int64(n), 0), ok
	}
	if from, ok := at("nbf"); ok && from.After(now.Add(leeway)) {
		return forged("the token does not hold yet")
	}
	if until, ok := at("exp"); ok {
		if until.Before(now.Add(-leeway)) {
			return forged("the token has expired")
		}
		return nil
	}
	if issued, ok := at("iat"); ok && (now.Sub(issued) > t.age || issued.Sub(now) > tolerance) {
		return forged("the token is %s old", now.Sub(issued).Round(time.Second))
	}
	return nil
}
