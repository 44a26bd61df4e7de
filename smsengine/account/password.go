package account

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// cost is what a hash takes: 19 MiB and two passes, what OWASP names as the
// least for argon2id.
var cost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// The length of a password, in octets. It stands in mail addresses, whose local
// part has 64 octets by RFC 5321 and some hundreds in practice.
const (
	minPassword = 6
	maxPassword = 128
)

// Hash gives the argon2id hash of a password in the PHC string format.
func Hash(password string) (string, error) {
	switch {
	case len(password) < minPassword:
		return "", fmt.Errorf("a password needs at least %d characters", minPassword)
	case len(password) > maxPassword:
		return "", fmt.Errorf("a password has at most %d characters", maxPassword)
	case !utf8.ValidString(password):
		return "", errors.New("the password is not UTF-8")
	}
	for _, r := range password {
		if r < ' ' || r == 0x7f {
			return "", errors.New("the password has a control character; is there more than one line?")
		}
	}
	return HashOld(password)
}

// HashOld is Hash for passwords that were chosen elsewhere, by other rules.
func HashOld(password string) (string, error) { return argon2id.CreateHash(password, cost) }

// matches compares in constant time.
func matches(password, hash string) (bool, error) {
	return argon2id.ComparePasswordAndHash(password, hash)
}
