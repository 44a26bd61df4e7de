package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"time"
)

// standard is the signature of Standard Webhooks 1.0.0: of the ID, the time and
// the body, in header fields that all who follow it share.
type standard struct {
	key []byte
	age time.Duration
}

// standardSecret stands before keys of it, which are base64.
const standardSecret = "whsec_"

func newStandard(key string, age time.Duration) (verifier, error) {
	raw, err := decode64(strings.TrimPrefix(strings.TrimSpace(key), standardSecret))
	if err != nil || len(raw) == 0 {
		return nil, errors.New(`the key is not base64, perhaps behind "whsec_"`)
	}
	if age == 0 {
		age = tolerance
	}
	return standard{raw, age}, nil
}

func (s standard) verify(c *caller) *Refusal {
	id, stamp := c.Header.Get("Webhook-Id"), c.Header.Get("Webhook-Timestamp")
	want := mac(sha256.New, s.key, []byte(id+"."+stamp+"."+string(c.Body)))
	for _, signature := range strings.Fields(c.Header.Get("Webhook-Signature")) { // one for each key that holds
		text, ours := strings.CutPrefix(signature, "v1,")
		if raw, err := decode64(text); ours && err == nil && hmac.Equal(raw, want) {
			return fresh(stamp, c.now, s.age)
		}
	}
	return forged("there is no right signature in Webhook-Signature")
}
