package smsengine

import (
	"encoding"
	"fmt"
	"strings"
)

// Scheme says what kind of place an [Address] is.
type Scheme string

// The schemes that messages travel between.
const (
	SMS    Scheme = "sms"    // a phone: E.164 with "+", a short code, or an alphanumeric sender
	Mailto Scheme = "mailto" // a mailbox: local-part@domain, unquoted form
	// InboxOf is the list of texts that an account's programs read over HTTP, for
	// accounts that write from no mailbox. Its texts are kept by the Store and go
	// nowhere else.
	InboxOf Scheme = "inbox"
	// Hook is a [Webhook], by its name.
	Hook Scheme = "webhook"
	// ByRule is a rule that wants something done, by its title.
	ByRule Scheme = "rule"
)

// Address is where a message comes from or goes to. It is comparable, and
// always normalised by whoever makes it: equal places are equal addresses.
type Address struct {
	Scheme Scheme
	Value  string
}

// Phone makes the address of a normalised phone number.
func Phone(number string) Address { return Address{SMS, number} }

// Mailbox makes the address of a mailbox. The domain is folded to lower case
// (RFC 5321 §2.4: the local part is left to its host).
func Mailbox(addr string) Address {
	if addr == "" {
		return Address{}
	}
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		addr = addr[:at] + strings.ToLower(addr[at:])
	}
	return Address{Mailto, addr}
}

// Inbox makes the address of an account's list of texts.
func Inbox(account string) Address { return Address{InboxOf, account} }

// IsZero reports whether the address is nobody: the null sender of RFC 5321 §4.5.5.
func (a Address) IsZero() bool { return a == Address{} }

// String is the address as a URI without escapes, "" for nobody.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return string(a.Scheme) + ":" + a.Value
}

var _ encoding.TextUnmarshaler = (*Address)(nil)

// MarshalText writes what String does; UnmarshalText reads it again.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the form that [Address.String] writes.
func (a *Address) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*a = Address{}
		return nil
	}
	scheme, value, ok := strings.Cut(string(b), ":")
	if !ok || value == "" {
		return fmt.Errorf("address %q has no scheme", b)
	}
	*a = Address{Scheme(scheme), value}
	return nil
}
