package account

import (
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// from says who gets answers and reports. Who signed in writes from an address
// of his own, or is refused: nobody sends texts as another user. Where a key, a
// password or a place stands for the sender, as in a mailing list, the envelope
// sender may be anybody's; if the account does not own it, its contact gets the
// reports, and no answer is sent to strangers.
func (d *Decider) from(sender smsengine.Address, id smsengine.Identity, t smsengine.Terms, a smsengine.Account, user string) (smsengine.Address, error) {
	owned := !sender.IsZero() && (t.Senders == "any" || d.owns(sender.Value, a, user, id))
	switch id.Method {
	case smsengine.MethodAuth, smsengine.MethodTrusted, smsengine.MethodDMARC:
		if sender.IsZero() {
			return sender, refuse("account", "a text needs a sender; the null sender cannot send one")
		}
		if !owned {
			text := "answers would go to " + sender.Value + ", which is not your address"
			if user != "" {
				text += ": write from " + user
			}
			return smsengine.Address{}, refuse("account", text)
		}
	}
	if owned {
		return sender, nil
	}
	return smsengine.Mailbox(a.Contact), nil
}

// Owns reports whether an address is one that a decision's identity may have
// answers and reports sent to.
func (d *Decider) Owns(dir *smsengine.Directory, by Decision, address string) bool {
	a, _ := dir.Account(by.Account)
	return d.owns(address, a, by.user, by.Identity) || a.Contact != "" && strings.EqualFold(a.Contact, address)
}

// ContactOf says who hears that a limit is near: the account's contact, the mail
// user that it is, or the administrator.
func (d *Decider) ContactOf(dir *smsengine.Directory, by Decision) smsengine.Address {
	switch a, _ := dir.Account(by.Account); {
	case a.Contact != "":
		return smsengine.Mailbox(a.Contact)
	case strings.Contains(by.Account, "@"):
		return smsengine.Mailbox(by.Account)
	}
	return d.Administrator
}

// owns reports whether an address is the user's own, or one that the account
// lists. What follows a "+" in the local part does not make it another one.
func (d *Decider) owns(address string, a smsengine.Account, user string, id smsengine.Identity) bool {
	address = d.Qualify(address)
	plain := withoutExtension(address)
	if user != "" && (address == user || plain == user) {
		return true
	}
	if id.Method == smsengine.MethodLocalUser && plain == d.Qualify(id.User) {
		return true // nagios of this machine is nagios@ our first domain
	}
	at := strings.LastIndexByte(address, '@')
	return slices.ContainsFunc(a.Owns, func(own string) bool {
		return own == address || own == plain || at >= 0 && own == address[at:]
	})
}

func withoutExtension(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	if plus := strings.IndexByte(address[:at], '+'); plus > 0 {
		return address[:plus] + address[at:]
	}
	return address
}

func refuse(op, text string) *smsengine.Error {
	return smsengine.Fail(op, smsengine.Permanent, "5.7.1", text, nil)
}
