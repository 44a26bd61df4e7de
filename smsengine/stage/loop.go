package stage

import (
	"context"
	"slices"

	"github.com/postel-mail/postel/smsengine"
)

// loop refuses mail that no person wrote to the phone, unless the terms of who
// pays ask for it; and always what Postel itself wrote: a text must not buy
// texts, whatever alias or rule sent it back here.
func (c Config) loop(_ context.Context, d *smsengine.Draft) error {
	if d.Mail == nil {
		return nil
	}
	kind := d.Mail.Kind
	switch {
	case d.Mail.Ours:
		return refuse("loop", "5.4.6", "a text from a phone, or what became of one, does not become a text again")
	case kind.Refusal() == "":
		return nil
	case slices.Contains(smsengine.AllowableMail, kind) && slices.Contains(d.Terms.MachineMail, string(kind)),
		slices.Contains(d.Terms.MachineMail, smsengine.InvitedMail) && kind.Invited(d.Identity.Method):
		d.Note(string(kind) + ", which the account wants")
		return nil
	}
	return refuse("loop", "5.7.1", kind.Refusal())
}
