package hook

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// check makes a verifier with the key "hush".
func check(t *testing.T, s provider.Signature) (verifier, error) {
	t.Helper()
	var err error
	secret := template.Setting{Name: "key", Secret: true}
	if s.Key, err = provider.NewTemplate("%key%", template.Text, secret); err != nil {
		t.Fatal(err)
	}
	return newVerifier(s, map[string]string{"key": "hush"})
}

func ask(t *testing.T, method, rawURL, kind, body string, header ...string) *caller {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	q := Request{Method: method, URL: u, Header: http.Header{}, Body: []byte(body)}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Add(header[i], header[i+1])
	}
	return (&Reader{now: func() time.Time { return now }}).newCaller(q)
}

func (c *caller) believedBy(t *testing.T, v verifier, want bool) {
	t.Helper()
	if refusal := v.verify(c); (refusal == nil) != want {
		t.Errorf("%s %s: %v", c.Method, c.URL, refusal)
	}
}

// Twilio's own documents sign with and without the port.
func TestTwilioPorts(t *testing.T) {
	v, err := check(t, provider.Signature{Kind: provider.TwilioSignature})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		signed, called string
		want           bool
	}{
		{"https://sms.example.org/x", "https://sms.example.org/x", true},
		{"https://sms.example.org:443/x", "https://sms.example.org/x", true},
		{"https://sms.example.org/x", "https://sms.example.org:443/x", true},
		{"http://sms.example.org:80/x", "http://sms.example.org/x", true},
		{"https://[2001:db8::1]:443/x", "https://[2001:db8::1]/x", true},
		{"https://sms.example.org:8443/x", "https://sms.example.org:8443/x", true},
		{"https://sms.example.org:8443/x", "https://sms.example.org/x", false},
		{"https://sms.example.org:80/x", "https://sms.example.org/x", false},
		{"http://sms.example.org/x", "https://sms.example.org/x", false},
		{"https://sms.example.org/x?a=1", "https://sms.example.org/x", false},
		{"https://sms.example.org/x#rc=5&rp=all", "https://sms.example.org/x", true},
		{"https://sms.example.org:443/x?a=1#rc=5&rp=all", "https://sms.example.org/x?a=1", true},
		{"https://sms.example.org/x#other", "https://sms.example.org/x", false},
	} {
		signed := ask(t, "POST", c.signed, formType, "Body=a&From=b")
		signTwilio(&signed.Request)
		called := ask(t, "POST", c.called, formType, "Body=a&From=b", "X-Twilio-Signature", signed.Header.Get("X-Twilio-Signature"))
		called.believedBy(t, v, c.want)
	}
}

// A body that is no form is signed by its digest in the URL.
func TestTwilioJSON(t *testing.T) {
	v, err := check(t, provider.Signature{Kind: provider.TwilioSignature})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"a":1}`
	const right = "https://sms.example.org/x?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
	for u, want := range map[string]bool{
		right: true, strings.ToUpper(right[:8]) + right[8:]: true, "https://sms.example.org/x": false, strings.Replace(right, "015", "115", 1): false,
	} {
		c := ask(t, "POST", u, jsonType, body)
		text := c.URL.String()
		c.Header.Set("X-Twilio-Signature", b64(mac(hashes["sha1"], []byte("hush"), []byte(text))))
		c.believedBy(t, v, want)
	}
}

func TestPlivo(t *testing.T) {
	v, err := check(t, provider.Signature{Kind: provider.PlivoSignature})
	if err != nil {
		t.Fatal(err)
	}
	const at = "https://sms.example.org/x"
	const nonce = "12345"
	sign := func(text string) string { return b64(hmac256("hush", text)) }
	for name, c := range map[string]struct {
		method, url, body string
		header            []string
		want              bool
	}{
		"V2":                 {"POST", at + "?b=1", "Text=a", []string{"X-Plivo-Signature-V2", sign(at + nonce), "X-Plivo-Signature-V2-Nonce", nonce}, true},
		"V2, main account":   {"POST", at, "Text=a", []string{"X-Plivo-Signature-Ma-V2", sign(at + nonce), "X-Plivo-Signature-V2-Nonce", nonce}, true},
		"V2, with port":      {"POST", at, "Text=a", []string{"X-Plivo-Signature-V2", sign("https://sms.example.org:443/x" + nonce), "X-Plivo-Signature-V2-Nonce", nonce}, true},
		"V2, no nonce":       {"POST", at, "Text=a", []string{"X-Plivo-Signature-V2", sign(at)}, false},
		"V2, other nonce":    {"POST", at, "Text=a", []string{"X-Plivo-Signature-V2", sign(at + nonce), "X-Plivo-Signature-V2-Nonce", "1"}, false},
		"V3":                 {"POST", at, "To=b&From=a", []string{"X-Plivo-Signature-V3", sign(at + "?FromaTob." + nonce), "X-Plivo-Signature-V3-Nonce", nonce}, true},
		"V3, query":          {"POST", at + "?d=2&c=1", "To=b&From=a", []string{"X-Plivo-Signature-V3", sign(at + "?c=1&d=2.FromaTob." + nonce), "X-Plivo-Signature-V3-Nonce", nonce}, true},
		"V3, GET":            {"GET", at + "?d=2&c=1", "", []string{"X-Plivo-Signature-V3", sign(at + "?c=1&d=2." + nonce), "X-Plivo-Signature-V3-Nonce", nonce}, true},
		"V3, one of several": {"GET", at, "", []string{"X-Plivo-Signature-V3", "x," + sign(at+"."+nonce), "X-Plivo-Signature-V3-Nonce", nonce}, true},
		"V3, other fields":   {"POST", at, "To=b&From=c", []string{"X-Plivo-Signature-V3", sign(at + "?FromaTob." + nonce), "X-Plivo-Signature-V3-Nonce", nonce}, false},
		"V3 wrong, V2 right": {"POST", at, "To=b", []string{"X-Plivo-Signature-V3", "x", "X-Plivo-Signature-V3-Nonce", nonce, "X-Plivo-Signature-V2", sign(at + nonce), "X-Plivo-Signature-V2-Nonce", nonce}, false},
		"none":               {"POST", at, "To=b", nil, false},
	} {
		t.Run(name, func(t *testing.T) { ask(t, c.method, c.url, formType, c.body, c.header...).believedBy(t, v, c.want) })
	}
}

func TestVonageAlgorithms(t *testing.T) {
	form := "msisdn=15555550123&text=a%26b&timestamp=1795435200&nonce=n"
	for algorithm, sum := range map[string]string{
		"md5hash": vonageHash(strings.ReplaceAll(form, "%26", "_"), "hush"),
		"md5":     "", "sha1": "", "sha256": "", "sha512": "",
	} {
		v, err := check(t, provider.Signature{Kind: provider.VonageSignature, Algorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		if sum == "" {
			sum = hexOf(mac(hashes[algorithm], []byte("hush"), []byte("&msisdn=15555550123&nonce=n&text=a_b&timestamp=1795435200")))
		}
		c := ask(t, "POST", public, formType, form+"&sig="+sum)
		c.now = time.Unix(1795435200, 0)
		c.believedBy(t, v, true)
		c = ask(t, "POST", public, jsonType, `{"msisdn":"15555550123","text":"a&b","timestamp":"1795435200","nonce":"n","sig":"`+sum+`"}`)
		c.now = time.Unix(1795435200, 0)
		c.believedBy(t, v, true)
		c = ask(t, "POST", public, formType, form+"&sig="+sum+"&to=1")
		c.believedBy(t, v, false)
		c = ask(t, "POST", public, formType, form)
		c.believedBy(t, v, false)
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, x := range b {
		s.WriteByte(digits[x>>4])
		s.WriteByte(digits[x&15])
	}
	return s.String()
}

func TestToken(t *testing.T) {
	v, err := check(t, provider.Signature{
		Kind: provider.JWTSignature, Header: "Authorization", Prefix: "Bearer ",
		Claims: map[string]string{"payload_hash": "%body_sha256%", "url_hash": "%url_sha256%"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"a":1}`
	claims := func(change map[string]any) map[string]any {
		url := sha256.Sum256([]byte(public))
		all := map[string]any{
			"payload_hash": "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
			"url_hash":     hexOf(url[:]), "iat": now.Unix(),
		}
		for name, value := range change {
			if all[name] = value; value == nil {
				delete(all, name)
			}
		}
		return all
	}
	good := jwt("hush", claims(nil))
	head, rest, _ := strings.Cut(good, ".")
	odd := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS512"}`)) + "." + strings.Split(rest, ".")[0]
	odd += "." + base64.RawURLEncoding.EncodeToString(hmac256("hush", odd))
	none := "eyJhbGciOiJub25lIn0." + strings.Split(rest, ".")[0] + "."
	for name, c := range map[string]struct {
		header string
		want   bool
	}{
		"right":             {"Bearer " + good, true},
		"other case":        {"bearer " + good, true},
		"other key":         {"Bearer " + jwt("other", claims(nil)), false},
		"no prefix":         {good, false},
		"none":              {"", false},
		"algorithm none":    {"Bearer " + none, false},
		"other algorithm":   {"Bearer " + odd, false},
		"other head":        {"Bearer " + "eyJhbGciOiJub25lIn0." + rest, false},
		"two parts":         {"Bearer " + head + "." + rest[:10], false},
		"huge":              {"Bearer " + strings.Repeat("a.", 20000), false},
		"not base64":        {"Bearer a.b.c", false},
		"other body":        {"Bearer " + jwt("hush", claims(map[string]any{"payload_hash": "00"})), false},
		"no body":           {"Bearer " + jwt("hush", claims(map[string]any{"payload_hash": nil})), false},
		"hash is no string": {"Bearer " + jwt("hush", claims(map[string]any{"payload_hash": 1})), false},
		"other URL":         {"Bearer " + jwt("hush", claims(map[string]any{"url_hash": "00"})), false},
		"old":               {"Bearer " + jwt("hush", claims(map[string]any{"iat": now.Add(-6 * time.Minute).Unix()})), false},
		"of tomorrow":       {"Bearer " + jwt("hush", claims(map[string]any{"iat": now.Add(24 * time.Hour).Unix()})), false},
		"expired":           {"Bearer " + jwt("hush", claims(map[string]any{"exp": now.Add(-2 * time.Minute).Unix()})), false},
		"not yet":           {"Bearer " + jwt("hush", claims(map[string]any{"nbf": now.Add(2 * time.Minute).Unix()})), false},
		"long lived":        {"Bearer " + jwt("hush", claims(map[string]any{"iat": now.Add(-time.Hour).Unix(), "exp": now.Add(time.Hour).Unix()})), true},
	} {
		t.Run(name, func(t *testing.T) {
			ask(t, "POST", public, jsonType, body, "Authorization", c.header).believedBy(t, v, c.want)
		})
	}
	// Without a body, nothing needs a digest of it.
	token := jwt("hush", claims(map[string]any{"payload_hash": nil}))
	ask(t, "GET", public, "", "", "Authorization", "Bearer "+token).believedBy(t, v, true)
}

// The example of RFC 8032 §7.1, TEST 2, signs one octet.
func TestEd25519(t *testing.T) {
	const key = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
	const signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
	v, err := newPublic(provider.Signature{Header: "X", Encoding: "hex", Over: "%body%"}, key, 0)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, "POST", public, "", "\x72", "X", signature).believedBy(t, v, true)
	ask(t, "POST", public, "", "\x73", "X", signature).believedBy(t, v, false)
	ask(t, "POST", public, "", "\x72", "X", signature[:60]).believedBy(t, v, false)
	ask(t, "POST", public, "", "\x72", "X", "zz").believedBy(t, v, false)
	for _, bad := range []string{"", "abc", "AAAA", "hush"} {
		if _, err := newPublic(provider.Signature{Header: "X", Over: "%body%"}, bad, 0); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("the key %q: %v", bad, err)
		}
	}
}

func TestStamps(t *testing.T) {
	when := provider.Where{}
	if err := when.UnmarshalText([]byte("header:T")); err != nil {
		t.Fatal(err)
	}
	v, err := check(t, provider.Signature{
		Kind: provider.HMACSignature, Header: "S", Prefix: "v1=", Algorithm: "sha256", Encoding: "hex", Over: "%timestamp%.%body%", Timestamp: when,
	})
	if err != nil {
		t.Fatal(err)
	}
	for stamp, want := range map[string]bool{
		"1795435200": true, "1795435200000": true, "2026-11-23T12:00:00Z": true, "2026-11-23T13:04:00+01:00": true,
		"1795434800": false, "1795435600": false, "": false, "yesterday": false, "-1": false, "99999999999999999999": false,
	} {
		c := ask(t, "POST", public, "", "x", "T", stamp, "S", "v0=zz, v1="+hexOf(hmac256("hush", stamp+".x")))
		c.believedBy(t, v, want)
	}
}

func TestFixedAndBasic(t *testing.T) {
	v, err := check(t, provider.Signature{Kind: provider.HeaderSignature, Header: "Authorization", Prefix: "Bearer "})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]bool{"Bearer hush": true, "Bearer hus": false, "Bearer hush2": false, "hush": false, "": false, "Bearer ": false} {
		ask(t, "POST", public, "", "", "Authorization", header).believedBy(t, v, want)
	}
	b := basic{"user", "hush"}
	for header, want := range map[string]bool{
		"Basic " + b64([]byte("user:hush")): true, "basic " + b64([]byte("user:hush")): true, "Basic " + b64([]byte("user:")): false,
		"Basic " + b64([]byte("user2:hush")): false, "Basic zz": false, "": false,
	} {
		c := ask(t, "POST", public, "", "", "Authorization", header)
		c.believedBy(t, b, want)
		if refusal := b.verify(c); refusal != nil && (refusal.Status != http.StatusUnauthorized || refusal.Header.Get("WWW-Authenticate") == "") {
			t.Errorf("%+v", refusal)
		}
	}
}

// What cannot be checked is not taken as checked.
func TestKeysAreNeeded(t *testing.T) {
	empty := map[string]string{"key": ""}
	secret, err := provider.NewTemplate("%key%", template.Text, template.Setting{Name: "key"})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []provider.SignatureKind{
		provider.BasicSignature, provider.HeaderSignature, provider.HMACSignature, provider.Ed25519Signature,
		provider.JWTSignature, provider.TwilioSignature, provider.PlivoSignature, provider.VonageSignature, provider.SNSSignature, provider.StandardSignature, "other",
	} {
		s := provider.Signature{Kind: kind, Key: secret, User: secret, Password: secret, Header: "X", Over: "%body%", Algorithm: "sha256"}
		if v, err := newVerifier(s, empty); err == nil {
			t.Errorf("%s without a key gives %v", kind, v)
		}
		s.Optional = true
		if v, err := newVerifier(s, empty); kind != "other" && (err != nil || v != nil) {
			t.Errorf("%s without a key, where none need be, gives %v, %v", kind, v, err)
		}
	}
	for _, s := range []provider.Signature{
		{Kind: provider.HMACSignature, Algorithm: "crc32", Over: "%body%"},
		{Kind: provider.HMACSignature, Algorithm: "sha256", Over: "%secret%"},
		{Kind: provider.JWTSignature, Algorithm: "md5"},
		{Kind: provider.JWTSignature, Claims: map[string]string{"a": "%b%"}},
		{Kind: provider.VonageSignature, Algorithm: "crc32"},
		{Kind: "other"},
	} {
		if _, err := check(t, s); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
