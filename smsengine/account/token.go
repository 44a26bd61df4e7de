package account

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// tokenTries is the account that wrong tokens are counted for. None can have this
// name.
const tokenTries = "#token"

// Token gives the token of a secret that a client at an address brings along.
// Which of unknown, revoked and expired it was, the error does not say: ErrWrong,
// or a temporary *smsengine.Error for an address that has tried too many. Who
// brings a token that is right never waits, whatever others at the address do:
// 130 bits cannot be guessed, and there is nothing to hash slowly.
//
// The time that the search takes depends on the digest of what was brought, which
// says nothing of what would have been right.
func (d *Decider) Token(dir *smsengine.Directory, secret, client string, now time.Time) (smsengine.Key, error) {
	k, ok := dir.Key(TokenDigest(secret))
	if ok && k.IsToken() && k.Valid(now) {
		return k, nil
	}
	if err := d.Passwords.Wait(tokenTries, client); err != nil {
		return smsengine.Key{}, err
	}
	d.Passwords.Wrong(tokenTries, client)
	return smsengine.Key{}, ErrWrong
}

// Terms are what holds for an account that sends over HTTP.
func (d *Decider) Terms(dir *smsengine.Directory, name string) smsengine.Terms {
	t := merge(d.LevelsOf(dir, name, userOf(name)), nil)
	return t
}

// MaySend says why an account cannot send now, nil if it can: what a text would
// be refused for whomever it is to.
func (d *Decider) MaySend(dir *smsengine.Directory, name string, now time.Time) error {
	id := smsengine.Identity{Method: smsengine.MethodPassword, User: name}
	_, err := d.terms(dir, Question{Identity: id, Sender: smsengine.Inbox(name), Now: now}, id, name, userOf(name))
	return err
}
