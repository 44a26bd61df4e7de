package hook

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// verifier checks whether a request is the provider's own. It compares in
// constant time.
type verifier interface {
	verify(c *caller) *Refusal
}

// tolerance of a signature's age where the provider file names none: both clocks
// may be wrong, and the provider may try again.
const tolerance = 5 * time.Minute

// newVerifier makes the check of a provider file's signature with the site's
// keys; nil if there is none, or if the site gave no key where it need not.
func newVerifier(s provider.Signature, settings map[string]string) (verifier, error) {
	if s.Kind == provider.NoSignature {
		return nil, nil
	}
	v := template.Values{Settings: settings}
	key, ok, err := s.Key.Expand(v)
	if err != nil {
		return nil, err
	}
	if s.Kind == provider.BasicSignature {
		return newBasic(s, v)
	}
	if !ok || key == "" {
		if s.Optional {
			return nil, nil
		}
		return nil, errors.New("there is no key to check it with")
	}
	age := time.Duration(s.Tolerance)
	switch s.Kind {
	case provider.HeaderSignature:
		return fixed{s, key}, nil
	case provider.HMACSignature:
		return newKeyed(s, key, age)
	case provider.Ed25519Signature:
		return newPublic(s, key, age)
	case provider.JWTSignature:
		return newToken(s, key, age)
	case provider.TwilioSignature:
		return twilio{[]byte(key)}, nil
	case provider.PlivoSignature:
		return plivo{[]byte(key)}, nil
	case provider.StandardSignature:
		return newStandard(key, age)
	case provider.VonageSignature:
		return newVonage(s.Algorithm, key, age)
	}
	return nil, errors.New("signatures of this kind are not known")
}

// same compares in a time that tells nothing but the lengths.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// candidates are the values that stand in a header field, a list perhaps, behind
// the prefix that marks them.
func candidates(c *caller, header, prefix string) (all []string) {
	for _, line := range c.Header.Values(header) {
		for v := range strings.SplitSeq(line, ",") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(v), prefix); ok && v != "" && len(all) < 8 {
				all = append(all, v)
			}
		}
	}
	return all
}

// fixed is a header field that only the provider knows.
type fixed struct {
	provider.Signature
	want string
}

func (f fixed) verify(c *caller) *Refusal {
	got, ok := strings.CutPrefix(c.Header.Get(f.Header), f.Prefix)
	switch {
	case !ok || got == "":
		return forged("the header field %s is missing", f.Header)
	case !same(got, f.want):
		return forged("the header field %s is wrong", f.Header)
	}
	return nil
}

// basic is a user and a password (RFC 7617).
type basic struct{ user, password string }

func newBasic(s provider.Signature, v template.Values) (verifier, error) {
	user, hasUser, err := s.User.Expand(v)
	if err != nil {
		return nil, err
	}
	password, hasPassword, err := s.Password.Expand(v)
	if err != nil {
		return nil, err
	}
	if !hasUser || !hasPassword || password == "" {
		if s.Optional {
			return nil, nil
		}
		return nil, errors.New("there is no user and password to check it with")
	}
	return basic{user, password}, nil
}

func (b basic) verify(c *caller) *Refusal {
	r := http.Request{Header: c.Header}
	user, password, ok := r.BasicAuth()
	rightUser, rightPassword := same(user, b.user), same(password, b.password)
	if ok && rightUser && rightPassword {
		return nil
	}
	why := "user or password are wrong"
	if !ok {
		why = "there is no user and password"
	}
	return &Refusal{
		Status: http.StatusUnauthorized, Why: why,
		Header: http.Header{"Www-Authenticate": {`Basic realm="Postel"`}},
	}
}
