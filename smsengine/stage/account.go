package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// account settles who sends, under which terms, who pays, and who gets answers.
func (c Config) account(ctx context.Context, d *smsengine.Draft) error {
	dir, err := directory(ctx, d)
	if err != nil {
		return err
	}
	by, err := c.Accounts.Decide(ctx, dir, account.Question{
		Identity: d.Source.Identity, Credentials: d.Credentials, Sender: d.Source.Sender,
		Number: d.Message.To.Value, Now: d.Now,
	})
	if err != nil {
		return err
	}
	m := &d.Message
	m.Account, m.From = by.Account, by.From
	d.Identity, d.Terms, d.Contact = by.Identity, by.Terms, c.Accounts.ContactOf(dir, by)
	if err := c.reply(dir, d, by); err != nil {
		return err
	}
	d.Note(fmt.Sprintf("%s, by %s", by.Account, by.Identity.Method))
	return c.sender(d)
}

func directory(ctx context.Context, d *smsengine.Draft) (*smsengine.Directory, error) {
	if d.Facts == nil {
		return nil, nil
	}
	return d.Facts.Directory(ctx)
}

// reply lets an address say where answers and reports go, if whoever pays owns
// that address: nobody sends texts as another user.
func (c Config) reply(dir *smsengine.Directory, d *smsengine.Draft, by account.Decision) error {
	to, ok := d.Params.Take("reply")
	if !ok {
		return nil
	}
	if !c.Accounts.Owns(dir, by, to) {
		return refuse("account", "5.7.1", "reply= in the address must name an address of your own")
	}
	d.Message.From = smsengine.Mailbox(to)
	return nil
}
