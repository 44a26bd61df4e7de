package provider

import (
	"errors"
	"fmt"
	"strings"
)

// Hook is what Incoming and Receipts have in common: a request that the
// provider makes to us.
type Hook struct {
	// Methods that it comes with: "POST" unless it says otherwise.
	Methods []string `toml:"methods"`
	// When tells such requests from others to the same address: all of these
	// values must stand there, as "json:/event" = "sms:received". A value with "|"
	// is several to choose from, "*" is any that is not empty, and "" means that
	// there is none.
	When map[Where]string `toml:"when"`
	// Each is where the elements of a request with several stand, as
	// "json:/results/*". The JSON pointers of fields begin there then; those that
	// begin with "json:^" begin at the top.
	Each      Where     `toml:"each"`
	Signature Signature `toml:"signature"`
	Reply     Reply     `toml:"reply"`
}

// Incoming is a request that brings texts from phones.
type Incoming struct {
	Hook
	From Where `toml:"from"`
	To   Where `toml:"to"` // our number; "": the gateway's
	Text Where `toml:"text"`
	// ID is the provider's name for the text, the same when it comes again.
	ID Where `toml:"id"`
	// Time is when it was sent, in one of the forms TimeForms: "unix" (seconds),
	// "unixms", or a layout of package time; RFC 3339 unless it says otherwise.
	Time      Where    `toml:"time"`
	TimeForms []string `toml:"time_forms"`

	// Data of a binary message and its UDH, encoded as "hex" or "base64".
	Data     Where  `toml:"data"`
	UDH      Where  `toml:"udh"`
	Encoding string `toml:"encoding"`

	// Charset is where the name of the charset stands that the text is in if it is
	// not UTF-8. PercentCoded charsets are those in which the text comes
	// percent-encoded once more.
	Charset      Where    `toml:"charset"`
	PercentCoded []string `toml:"percent_coded"`

	// The concatenation, if parts come one by one.
	Ref   Where `toml:"ref"`
	Seq   Where `toml:"seq"`
	Total Where `toml:"total"`
}

// Receipts is a request that tells what became of a text.
type Receipts struct {
	Hook
	// References are where the name stands that [Answer.ID] gave; the first that
	// is there counts.
	References []Where `toml:"reference"`
	Number     Where   `toml:"number"`
	State      Where   `toml:"state"`
	// States is what the provider's words for a state mean; "*": any other.
	States map[string]Verdict `toml:"states"`
	// Code is where the reason of a failure stands, and Codes what it means; the
	// code and words of a failure come from there if it is known.
	Code  Where              `toml:"code"`
	Codes map[string]Verdict `toml:"codes"`

	Time      Where    `toml:"time"`
	TimeForms []string `toml:"time_forms"`
}

// VerdictKind is what became of a text.
type VerdictKind string

// The kinds.
const (
	Delivered VerdictKind = "delivered"
	Failed    VerdictKind = "failed"
	Waiting   VerdictKind = "waiting" // the network still tries
	Ignored   VerdictKind = "ignored" // it says nothing about the text
)

// Verdict is a kind, with a code of RFC 3463 and words for strangers if it
// failed: "failed 5.1.1 there is no such number".
type Verdict struct {
	Kind VerdictKind
	Code string
	Text string
}

// UnmarshalText reads kind, code and words.
func (v *Verdict) UnmarshalText(text []byte) error {
	kind, rest, _ := strings.Cut(string(text), " ")
	w := Verdict{Kind: VerdictKind(kind)}
	switch w.Kind {
	case Failed:
		w.Code, w.Text = "5.0.0", "the network could not deliver the text"
	case Delivered, Waiting, Ignored:
		if rest != "" {
			return fmt.Errorf("%q: only a failure has a code and words", text)
		}
	default:
		return fmt.Errorf("%q is no state: there are delivered, failed, waiting and ignored", kind)
	}
	code, words, _ := strings.Cut(rest, " ")
	if enhanced.MatchString(code) {
		if code[0] == '2' {
			return errors.New(`the code of a failure begins with "5." or "4." (RFC 3463)`)
		}
		w.Code, rest = code, words
	}
	if rest != "" {
		w.Text = rest
	}
	*v = w
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

func (v Verdict) String() string {
	return strings.TrimRight(string(v.Kind)+" "+v.Code+" "+v.Text, " ")
}

// Reply is what the provider gets for a request that was taken. Nothing in it
// may look like a text to be sent back.
type Reply struct {
	Status      int    `toml:"status"` // 204 without a body, 200 with one, unless it says otherwise
	ContentType string `toml:"content_type"`
	Body        string `toml:"body"`
}

// SignatureKind is how a provider proves that a request is its own.
type SignatureKind string

// The kinds. With NoSignature only the unguessable part of the address, or a
// password, keeps strangers out.
const (
	NoSignature      SignatureKind = ""
	BasicSignature   SignatureKind = "basic"   // user, password in the request (RFC 7617)
	HeaderSignature  SignatureKind = "header"  // a header field with a fixed value
	HMACSignature    SignatureKind = "hmac"    // over a text made of the request
	Ed25519Signature SignatureKind = "ed25519" // the same, with a public key
	JWTSignature     SignatureKind = "jwt"     // HS256 token in a header field (RFC 7519)
	TwilioSignature  SignatureKind = "twilio"  // URL and sorted parameters
	PlivoSignature   SignatureKind = "plivo"   // V3: URL, sorted parameters and nonce; V2: URL and nonce
	VonageSignature  SignatureKind = "vonage"  // the parameter "sig"
	SNSSignature     SignatureKind = "sns"     // Amazon's certificates

	StandardSignature SignatureKind = "standard-webhooks" // as Standard Webhooks 1.0.0 says
)

// Signature is how a request is checked before anything in it is believed.
type Signature struct {
	Kind SignatureKind `toml:"kind"`
	// Optional: a site that did not give Key goes without; with SNSSignature, it
	// hears nothing.
	Optional bool `toml:"optional"`

	Header string `toml:"header"` // field that has it
	Prefix string `toml:"prefix"` // before it in the field, as "v1="
	// Key is the shared secret, the public key in base64, the fixed value, or the
	// ARN of the topic of "sns".
	Key       Template `toml:"key"`
	Algorithm string   `toml:"algorithm"` // "sha1", "sha256", "sha512" or "md5"
	Encoding  string   `toml:"encoding"`  // "hex" or "base64"
	// Over is what is signed: a text with the variables %body%, %timestamp%,
	// %nonce%, %url% and %body_sha256% (raw octets).
	Over string `toml:"over"`

	Timestamp Where    `toml:"timestamp"` // of the signature, in Unix seconds or RFC 3339
	Nonce     Where    `toml:"nonce"`
	Tolerance Duration `toml:"tolerance"` // "5m" unless it says otherwise

	User     Template `toml:"user"`
	Password Template `toml:"password"`

	// Claims of a JWT that must be what they say; templates with the variables of
	// Over and %url_sha256%, in hexadecimal where they are digests.
	Claims map[string]string `toml:"claims"`
	// Payload: the JWT carries all that the request says, and is read instead of
	// the body, which nothing signs.
	Payload bool `toml:"payload"`
}
