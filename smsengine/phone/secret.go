package phone

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Secret holds a password or key so that no accidental print shows it: every way of formatting gives "***", or
// nothing for an empty one. The text hangs behind a pointer because fmt does not ask the methods of unexported fields.
type Secret struct{ text *string }

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal gives the secret itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == nil }

// Equal compares in constant time for secrets of equal length.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String gives "***", or "" for an empty secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return mask
}

// Format writes what String gives, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives what String gives, for JSON, TOML and their like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives what String gives, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

const mask = "***"
