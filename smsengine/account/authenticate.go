package account

import (
	"context"
	"errors"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Authenticate says whose name and password these are: an account's
// (MethodPassword), else a mail user's (MethodSystem). The names are tried in
// turn, of mail users only the last. Which of name and password was wrong, or
// whether there is such a user, the error does not say: ErrWrong, or a temporary
// *smsengine.Error.
func (d *Decider) Authenticate(ctx context.Context, dir *smsengine.Directory, users []string, password string, from smsengine.Identity) (smsengine.Identity, error) {
	name, tried := "", false
	for _, user := range users {
		name = strings.ToLower(strings.TrimSpace(user))
		a, ok := dir.Account(name)
		if !ok || a.IsDomain() || a.Password == "" {
			continue
		}
		tried = true
		err := d.Passwords.Verify(ctx, name, a.Password, password, from.Peer)
		if err == nil {
			return smsengine.Identity{Method: smsengine.MethodPassword, User: name, Peer: from.Peer, Secure: from.Secure}, nil
		}
		if !errors.Is(err, ErrWrong) {
			return smsengine.Identity{}, err
		}
	}
	switch {
	case d.System != nil:
		return d.authenticateUser(ctx, name, password, from, tried)
	case !tried: // the same work as for an account that exists
		return smsengine.Identity{}, d.Passwords.Verify(ctx, name, "", password, from.Peer)
	}
	return smsengine.Identity{}, ErrWrong
}

// authenticateUser asks for a mail user. counted says that a wrong password has
// been counted already, which was an account's of the same name.
func (d *Decider) authenticateUser(ctx context.Context, name, password string, from smsengine.Identity, counted bool) (smsengine.Identity, error) {
	if err := d.Passwords.Wait(name, from.Peer); err != nil {
		return smsengine.Identity{}, err
	}
	user := d.Qualify(name)
	err := d.System(ctx, user, password, from)
	switch {
	case err == nil && counted:
		d.Passwords.Forgive(name, from.Peer)
	case errors.Is(err, ErrWrong) && !counted:
		d.Passwords.Wrong(name, from.Peer)
	}
	if err != nil {
		return smsengine.Identity{}, err
	}
	return smsengine.Identity{Method: smsengine.MethodSystem, User: user, Peer: from.Peer, Secure: from.Secure}, nil
}
