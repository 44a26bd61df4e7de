// Package pattern reads URLs with variables in them, as the old service had them
// where an application is executed by its URL:
//
//	https://example.org/sms/deliver.html?number=%%from%% &id=7&data=%%body%%
//
// A value is percent-encoded where it stands, so that it says nothing but itself:
// no value ends its parameter or its segment of the path. Variables stand in the
// path and the query; what chooses the server is fixed.
package pattern

import (
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the most octets of a URL as it is written.
const MaxLength = 2000

// URL is a URL that was read by [Parse].
type URL struct {
	host   string
	pieces []piece
}

// piece is fixed text, or a variable.
type piece struct {
	fixed string
	name  string // of the variable; "": it is fixed
}

// Host is the server that the URL names, without a port: what may be shown of it.
func (u *URL) Host() string { return u.host }

// Variables are the names in the URL, as often as they stand there.
func (u *URL) Variables() (names []string) {
	for _, p := range u.pieces {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// ErrDot is the failure of a value that would be "." or ".." as a whole segment
// of the path. Servers take those for steps to elsewhere, percent-encoded or not.
var ErrDot = errors.New("a dot alone cannot stand in the path of a URL")

// Expand gives the URL with values in place of the variables.
func (u *URL) Expand(value func(name string) string) (string, error) {
	var b strings.Builder
	for _, p := range u.pieces {
		if p.name == "" {
			b.WriteString(p.fixed)
		} else {
			b.WriteString(percent(value(p.name)))
		}
	}
	all := b.String()
	path, _, _ := strings.Cut(all, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if isDots(segment) {
			return "", ErrDot
		}
	}
	return all, nil
}

// isDots reports whether a segment is a step (RFC 3986 §3.3), as the WHATWG URL
// standard reads it.
func isDots(segment string) bool {
	s := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
	return s == "." || s == ".."
}

const (
	letters    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	unreserved = letters + "-._~"
	legal      = unreserved + "!$&'()*+,;=:@/" // RFC 3986 §3.3, §3.4
)

// percent encodes all but the unreserved characters (RFC 3986 §2.3).
func percent(v string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// wrong is an error for people.
func wrong(format string, args ...any) error { return fmt.Errorf(format, args...) }
