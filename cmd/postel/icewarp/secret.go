package icewarp

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	hashForm   = regexp.MustCompile(`^(\{[A-Za-z0-9-]{2,20}\}|\$[A-Za-z0-9-]{1,12}\$.{8,})`) // {SSHA}…, $argon2id$…
	hexForm    = regexp.MustCompile(`^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64,}|[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64,})$`)
	base64Form = regexp.MustCompile(`^[A-Za-z0-9+/]{22,}={1,2}$`)
)

// unreadable reports whether a password is a hash, or encrypted, rather than what
// somebody types. A password of a person that looks so is not likely.
func unreadable(password string) bool {
	return len(password) > 128 || !utf8.ValidString(password) ||
		strings.ContainsFunc(password, func(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }) ||
		hashForm.MatchString(password) || hexForm.MatchString(password) || base64Form.MatchString(password)
}
