package hook

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// Trust fetches what a provider's word names.
type Trust interface {
	// Certificate gives the certificate at an address that [FromAmazon] has found
	// good.
	Certificate(ctx context.Context, address string) (*x509.Certificate, error)
	// Confirm fetches such an address, for the effect that it has there.
	Confirm(ctx context.Context, address string) error
}

// envelope is how Amazon SNS brings what is published on a topic: JSON with the
// message as a text in it, signed with a certificate of Amazon's. Anybody can
// have a topic there, so that only the one that the site names counts.
type envelope struct {
	topic string // its ARN
	trust Trust
	age   time.Duration
}

// snsAge is longer than SNS tries to bring a message.
const snsAge = 2 * time.Hour

// signedEnvelope is the check of a half whose envelope was opened already.
type signedEnvelope struct{}

func (signedEnvelope) verify(*caller) *Refusal { return nil }

func newEnvelope(s provider.Signature, o Options) (*envelope, error) {
	topic, ok, err := s.Key.Expand(template.Values{Settings: o.Settings})
	switch {
	case err != nil:
		return nil, err
	case !ok || topic == "":
		return nil, errors.New("the topic's ARN is missing, by which it is known from those of others")
	case o.Trust == nil:
		return nil, errors.New("nobody fetches its certificates")
	}
	e := &envelope{topic: topic, trust: o.Trust, age: time.Duration(s.Tolerance)}
	if e.age == 0 {
		e.age = snsAge
	}
	return e, nil
}

// sns is what stands in an envelope.
type sns struct {
	Type, MessageID, TopicArn, Message, Timestamp    string
	Token, SubscribeURL, SignatureVersion, Signature string
	SigningCertURL                                   string
	Subject                                          *string
}

// open checks the envelope and puts its message in place of the body. done says
// that there is no more in it.
func (e *envelope) open(ctx context.Context, c *caller, call *Call) (done bool, refused *Refusal) {
	var m sns
	if json.Unmarshal(c.Body, &m) != nil {
		return true, forged("there is no envelope of SNS")
	}
	if !same(m.TopicArn, e.topic) {
		return true, forged("it is from another topic than the site's")
	}
	if refused := e.verify(ctx, c, &m); refused != nil {
		return true, refused
	}
	switch m.Type {
	case "Notification":
		inside := []byte(m.Message)
		c.doc = &provider.Document{Header: c.Header, Query: c.doc.Query, Form: members(inside), Body: inside}
		return false, nil
	case "SubscriptionConfirmation":
		if !e.wants(m.SubscribeURL) {
			return true, forged("the subscription is not confirmed at SNS")
		}
		call.Confirm = m.SubscribeURL
	}
	return true, nil
}

// fromAmazon are the hosts that may be asked on Amazon's word.
var fromAmazon = regexp.MustCompile(`^sns\.[a-z0-9-]{3,40}\.amazonaws\.com$`)

// FromAmazon reports whether an address is one of Amazon SNS itself: https, the
// usual port, nothing in front of the host.
func FromAmazon(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Fragment == "" && u.Opaque == "" && fromAmazon.MatchString(u.Host)
}

// wants reports whether an address confirms a subscription to the site's topic.
func (e *envelope) wants(address string) bool {
	u, err := url.Parse(address)
	return err == nil && FromAmazon(address) && u.Query().Get("Action") == "ConfirmSubscription" && u.Query().Get("TopicArn") == e.topic
}

func (e *envelope) verify(ctx context.Context, c *caller, m *sns) *Refusal {
	if !FromAmazon(m.SigningCertURL) || !strings.HasSuffix(m.SigningCertURL, ".pem") {
		return forged("the certificate is not Amazon's")
	}
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil || m.Signature == "" {
		return forged("there is no signature")
	}
	cert, err := e.trust.Certificate(ctx, m.SigningCertURL)
	if err != nil { // perhaps later: SNS comes again
		return &Refusal{Status: http.StatusServiceUnavailable, Why: "cannot fetch Amazon's certificate: " + err.Error()}
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || c.now.Before(cert.NotBefore) || c.now.After(cert.NotAfter) {
		return forged("the certificate does not hold now")
	}
	hash, sum := crypto.SHA1, []byte(nil)
	switch text := m.text(); m.SignatureVersion {
	case "1":
		s := sha1.Sum([]byte(text))
		sum = s[:]
	case "2":
		s := sha256.Sum256([]byte(text))
		hash, sum = crypto.SHA256, s[:]
	default:
		return forged("the signature is of a version that is not known")
	}
	if rsa.VerifyPKCS1v15(key, hash, sum, signature) != nil {
		return forged("the signature is wrong")
	}
	return fresh(m.Timestamp, c.now, e.age)
}

// text is what SNS signs: names and values, each on a line of its own, in this
// order.
func (m *sns) text() string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", m.Message)
	line("MessageId", m.MessageID)
	if m.Type == "Notification" {
		if m.Subject != nil {
			line("Subject", *m.Subject)
		}
		line("Timestamp", m.Timestamp)
	} else {
		line("SubscribeURL", m.SubscribeURL)
		line("Timestamp", m.Timestamp)
		line("Token", m.Token)
	}
	line("TopicArn", m.TopicArn)
	line("Type", m.Type)
	return b.String()
}
