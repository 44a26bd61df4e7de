package hook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// hashes are those that a provider file may name.
var hashes = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// mac is the HMAC (RFC 2104) of a text.
func mac(h func() hash.Hash, key, text []byte) []byte {
	m := hmac.New(h, key)
	m.Write(text)
	return m.Sum(nil)
}

// over is a signature over a text made of the request.
type over struct {
	provider.Signature
	age    time.Duration
	signed func(text, signature []byte) bool
}

// newKeyed checks HMACs, newPublic signatures of Ed25519 (RFC 8032).
func newKeyed(s provider.Signature, key string, age time.Duration) (verifier, error) {
	h, ok := hashes[s.Algorithm]
	if !ok {
		return nil, fmt.Errorf("algorithm %q is not known", s.Algorithm)
	}
	return newOver(s, age, func(text, signature []byte) bool {
		return hmac.Equal(mac(h, []byte(key), text), signature)
	})
}

func newPublic(s provider.Signature, key string, age time.Duration) (verifier, error) {
	raw, err := decode64(strings.TrimSpace(key))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("the public key is not 32 octets in base64")
	}
	return newOver(s, age, func(text, signature []byte) bool {
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(raw, text, signature)
	})
}

func newOver(s provider.Signature, age time.Duration, signed func(text, signature []byte) bool) (verifier, error) {
	if err := checkVariables(s.Over); err != nil {
		return nil, fmt.Errorf("over: %w", err)
	}
	if age == 0 {
		age = tolerance
	}
	return over{s, age, signed}, nil
}

func (o over) verify(c *caller) *Refusal {
	all := candidates(c, o.Header, o.Prefix)
	if len(all) == 0 {
		return forged("there is no signature in %s", o.Header)
	}
	stamp, nonce := c.doc.First(o.Timestamp), c.doc.First(o.Nonce)
	text := fill(o.Over, c, stamp, nonce, false)
	for _, s := range all {
		if raw, err := o.decode(s); err == nil && o.signed([]byte(text), raw) {
			if o.Timestamp.IsZero() {
				return nil
			}
			return fresh(stamp, c.now, o.age)
		}
	}
	return forged("the signature in %s is wrong", o.Header)
}

func (o over) decode(s string) ([]byte, error) {
	if o.Encoding == "hex" {
		return hex.DecodeString(s)
	}
	return decode64(s)
}

// fresh refuses what is older than age, or from the future: somebody may have
// kept it.
func fresh(stamp string, now time.Time, age time.Duration) *Refusal {
	at := readStamp(stamp)
	switch {
	case at.IsZero():
		return forged("the signature bears no time")
	case now.Sub(at) > age:
		return forged("the signature is %s old", now.Sub(at).Round(time.Second))
	case at.Sub(now) > tolerance:
		return forged("the signature is of %s from now", at.Sub(now).Round(time.Second))
	}
	return nil
}

// readStamp reads a time in seconds, milliseconds, or as RFC 3339 has it.
func readStamp(s string) time.Time {
	form := "unix"
	if n, err := strconv.ParseInt(s, 10, 64); err != nil {
		form = time.RFC3339
	} else if n > 1e11 {
		form = "unixms"
	}
	return readTime(s, []string{form})
}

var variable = regexp.MustCompile(`%([a-z0-9_]*)%`)

// variables that may stand in a text that is signed, or in a claim.
var variables = map[string]bool{
	"body": true, "timestamp": true, "nonce": true, "url": true, "body_sha256": true, "url_sha256": true,
}

func checkVariables(s string) error {
	for _, m := range variable.FindAllStringSubmatch(s, -1) {
		if !variables[m[1]] {
			return fmt.Errorf("%s is no variable here", m[0])
		}
	}
	return nil
}

// fill puts the values in, digests as octets or in hexadecimal.
func fill(s string, c *caller, stamp, nonce string, digits bool) string {
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		if digits {
			return hex.EncodeToString(sum[:])
		}
		return string(sum[:])
	}
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		switch strings.Trim(v, "%") {
		case "body":
			return string(c.Body)
		case "timestamp":
			return stamp
		case "nonce":
			return nonce
		case "url":
			return c.URL.String()
		case "body_sha256":
			return digest(c.Body)
		default:
			return digest([]byte(c.URL.String()))
		}
	})
}
