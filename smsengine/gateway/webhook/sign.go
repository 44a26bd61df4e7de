package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Header fields of a call (Standard Webhooks 1.0.0).
const (
	HeaderID        = "Webhook-Id"        // the name of the call, the same in each repetition
	HeaderTimestamp = "Webhook-Timestamp" // of this attempt, in seconds since 1970
	HeaderSignature = "Webhook-Signature" // what Sign gives
)

const (
	secretPrefix = "whsec_"
	secretSize   = 32 // octets; the standard wants 24 to 64
)

// NewSecret makes a secret, which signs what goes to one webhook.
func NewSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// SecretText is a secret as people and programs write it: "whsec_" and base64.
func SecretText(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// ParseSecret reads what SecretText writes. The error does not repeat it.
func ParseSecret(text string) ([]byte, error) {
	raw, found := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	secret, err := base64.StdEncoding.DecodeString(raw)
	switch {
	case !found || err != nil:
		return nil, errors.New(`a secret is "whsec_" and base64`)
	case len(secret) < 24 || len(secret) > 64:
		return nil, errors.New("a secret has 24 to 64 octets")
	}
	return secret, nil
}

// Sign is the signature of a call: HMAC-SHA256 of its name, the time and the
// document, with dots between them.
func Sign(secret []byte, id string, at time.Time, document []byte) string {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%d.", id, at.Unix())
	h.Write(document)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// sign puts name, time and signature into a request.
func sign(h http.Header, secret []byte, id string, at time.Time, document []byte) {
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(HeaderSignature, Sign(secret, id, at, document))
}
