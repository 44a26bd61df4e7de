package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Decider says who may send.
type Decider struct {
	Site
	Passwords *Verifier
	// System asks whether a password is a mail user's; nil: nobody is asked. It
	// says itself from where it may be asked. A wrong password is ErrWrong.
	System func(ctx context.Context, user, password string, from smsengine.Identity) error
}

// Question is what a Decider is asked.
type Question struct {
	Identity    smsengine.Identity    // what the door knows
	Credentials smsengine.Credentials // of the address
	Sender      smsengine.Address     // of the envelope
	Number      string                // normalised
	Now         time.Time
}

// Decision is who sends, under which terms, and who pays.
type Decision struct {
	Account  string             // who pays
	Identity smsengine.Identity // who it is, as it can be vouched for
	Terms    smsengine.Terms
	// From gets answers and reports: the sender, if the identity owns that address,
	// else the account's contact, else nobody.
	From smsengine.Address

	user string // the mail user behind it, "" for none
}

// Decide goes through the identities in order: who authenticated; the key or
// the password in the address; the network or local user that it came from. The
// first that may send is the answer; if none may, the first refusal is the
// error, an *smsengine.Error that the person can act on.
func (d *Decider) Decide(ctx context.Context, dir *smsengine.Directory, q Question) (Decision, error) {
	var first error
	for _, ask := range []func(context.Context, *smsengine.Directory, Question) (Decision, error){d.proved, d.byKey, d.byPassword, d.byOrigin} {
		found, err := ask(ctx, dir, q)
		if err == nil {
			return found, nil
		}
		if errors.Is(err, errNobody) {
			continue
		}
		if e, ok := errors.AsType[*smsengine.Error](err); ok && e.Class == smsengine.Temporary {
			return Decision{}, err
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = refuse("account", "sending texts is for users of this mail server: sign in (SMTP AUTH) and try again")
	}
	return Decision{}, first
}

// errNobody means that there is nothing to go by.
var errNobody = errors.New("nobody")

// proved goes by what the door knows for certain.
func (d *Decider) proved(_ context.Context, dir *smsengine.Directory, q Question) (Decision, error) {
	id := q.Identity
	switch id.Method {
	case smsengine.MethodAuth, smsengine.MethodSystem, smsengine.MethodDMARC:
		return d.user(dir, q, id, d.Qualify(id.User))
	case smsengine.MethodTrusted:
		return d.user(dir, q, id, d.Qualify(q.Sender.Value))
	case smsengine.MethodLocal:
		return d.local(dir, q)
	case smsengine.MethodPassword:
		return d.terms(dir, q, id, id.User, userOf(id.User))
	case smsengine.MethodKey:
		k, ok := dir.KeyByID(id.Key)
		if !ok || !k.Valid(q.Now) || !k.Covers(q.Number) {
			return Decision{}, wrongKey()
		}
		return d.terms(dir, q, id, k.Account, userOf(k.Account))
	}
	return Decision{}, errNobody
}

// user is for somebody with a mailbox: his own account pays, else one that he
// shares, else he himself, as a user of a domain of ours.
func (d *Decider) user(dir *smsengine.Directory, q Question, id smsengine.Identity, user string) (Decision, error) {
	if user == "" {
		return Decision{}, errNobody
	}
	payer := user
	if _, own := d.level(dir, user); !own {
		if a, ok := dir.Shared(user); ok {
			payer = a.Name
		} else if !d.serves(user) {
			return Decision{}, refuse("account", "users of this domain may not send texts; ask the postmaster for access")
		}
	}
	return d.terms(dir, q, id, payer, user)
}

// local is for the control socket: whoever may open it may send, in anybody's
// name.
func (d *Decider) local(dir *smsengine.Directory, q Question) (Decision, error) {
	user := d.Qualify(q.Sender.Value)
	payer := user
	if payer == "" {
		payer = Local
	} else if a, ok := dir.Shared(user); ok {
		payer = a.Name
	}
	t := merge(d.LevelsOf(dir, payer, user), nil)
	return Decision{Account: payer, Identity: q.Identity, Terms: t, From: q.Sender, user: user}, nil
}

// byKey goes by key= in the address.
func (d *Decider) byKey(_ context.Context, dir *smsengine.Directory, q Question) (Decision, error) {
	secret := q.Credentials.Key()
	if secret == "" {
		return Decision{}, errNobody
	}
	k, ok := dir.Key(KeyDigest(secret))
	if !ok || k.IsToken() || !k.Valid(q.Now) || !k.Covers(q.Number) {
		return Decision{}, wrongKey()
	}
	id := smsengine.Identity{Method: smsengine.MethodKey, User: k.Account, Key: k.ID, Peer: q.Identity.Peer}
	return d.terms(dir, q, id, k.Account, userOf(k.Account))
}

func wrongKey() error {
	return smsengine.Fail("account", smsengine.Permanent, "5.7.8", "the key in the address is not valid for this number", nil)
}

// byPassword goes by user= and pass= in the address: an account's, else a mail
// user's where the site allows that.
func (d *Decider) byPassword(ctx context.Context, dir *smsengine.Directory, q Question) (Decision, error) {
	c := q.Credentials
	if c.Password() == "" || len(c.Users) == 0 {
		if len(c.Users) > 0 {
			return Decision{}, wrongPassword()
		}
		return Decision{}, errNobody
	}
	id, err := d.Authenticate(ctx, dir, c.Users, c.Password(), q.Identity)
	if errors.Is(err, ErrWrong) {
		return Decision{}, wrongPassword()
	}
	if err != nil {
		return Decision{}, err
	}
	if id.Method == smsengine.MethodSystem {
		return d.user(dir, q, id, d.Qualify(id.User))
	}
	return d.terms(dir, q, id, id.User, userOf(id.User))
}

func wrongPassword() error {
	return smsengine.Fail("account", smsengine.Permanent, "5.7.8", "user name or password in the address is wrong", nil)
}

// byOrigin goes by where the mail came from.
func (d *Decider) byOrigin(_ context.Context, dir *smsengine.Directory, q Question) (Decision, error) {
	payer := ""
	switch q.Identity.Method {
	case smsengine.MethodClient:
		payer = d.network(q.Identity.Peer)
	case smsengine.MethodLocalUser:
		payer = d.Locals[q.Identity.User]
	}
	if payer == "" {
		return Decision{}, errNobody
	}
	return d.terms(dir, q, q.Identity, payer, userOf(payer))
}

// userOf is the mail user that an account's name is, "" if it is a plain name.
func userOf(account string) string {
	if strings.Contains(account, "@") {
		return account
	}
	return ""
}

// terms looks whether the account may send at all, and in whose name.
func (d *Decider) terms(dir *smsengine.Directory, q Question, id smsengine.Identity, payer, user string) (Decision, error) {
	a, known := dir.Account(payer)
	t := merge(d.LevelsOf(dir, payer, user), nil)
	stop, stopped := dir.Stopped(payer)
	_, configured := d.Levels[payer]
	switch {
	case !known && !configured && user == "":
		return Decision{}, smsengine.Fail("account", smsengine.Permanent, "5.7.1", "the account that pays for this does not exist (any more); ask the postmaster", nil)
	case a.Disabled:
		return Decision{}, refuse("account", "the account "+payer+" is switched off; ask the postmaster")
	case stopped:
		return Decision{}, refuse("account", "the account "+payer+" was stopped, because "+stop.Reason+"; ask the postmaster")
	case !t.Send:
		return Decision{}, refuse("account", "you may not send texts; ask the postmaster for access")
	case t.Expires.Over(d.Zoned(q.Now)):
		return Decision{}, refuse("account", "the account "+payer+" has expired; ask the postmaster")
	}
	from := q.Sender
	if from != smsengine.Inbox(payer) {
		var err error
		if from, err = d.from(q.Sender, id, t, a, user); err != nil {
			return Decision{}, err
		}
	}
	return Decision{Account: payer, Identity: id, Terms: t, From: from, user: user}, nil
}
