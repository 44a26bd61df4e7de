package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Keys are written in lower case and read in any: mail servers and list managers
// change the case of addresses. The letters are those of Crockford's base 32,
// which are not mistaken for one another.
var keyLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewKey makes a key for a number, or for all numbers that begin with
// "+1555*". The secret is shown once, and only its digest is kept. 130 bits of
// it cannot be guessed, so one round of a hash is enough.
func NewKey(account, number, note string, now time.Time) (secret string, k smsengine.Key) {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails (crypto/rand, Go 1.24)
	letters := keyLetters.EncodeToString(b)
	secret = letters[:26]
	return secret, smsengine.Key{
		ID: letters[26:], Account: account, Number: number, Note: note,
		Digest: KeyDigest(secret), Created: now,
	}
}

// tokenMark stands in front of a token, so that people, and programs that look
// for secrets in files, know one when they see it.
const tokenMark = "postel_"

// NewToken makes a token: a key for the HTTP interface, good for what its scopes
// say until it expires, never if that is zero.
func NewToken(account string, scopes smsengine.Scopes, note string, now, expires time.Time) (secret string, k smsengine.Key) {
	secret, k = NewKey(account, smsengine.AnyNumber, note, now)
	secret = tokenMark + secret
	k.Scopes, k.Expires, k.Digest = scopes, expires, TokenDigest(secret)
	return secret, k
}

// TokenDigest is what is kept of a token. It is never that of a key, so that
// neither can stand for the other.
func TokenDigest(secret string) [32]byte {
	return sha256.Sum256([]byte("postel token 1 " + strings.TrimSpace(secret)))
}

// KeyDigest is what is kept of a key.
func KeyDigest(secret string) [32]byte {
	return sha256.Sum256([]byte("postel key 1 " + strings.ToLower(strings.TrimSpace(secret))))
}
