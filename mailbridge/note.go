package mailbridge

import "github.com/postel-mail/postel/smsengine"

// note writes a mail of Postel's own to a mailbox: a limit is near, an account
// was stopped. Like a report it has the null sender, and answers nothing.
func (c *Composer) note(m smsengine.Message, to string) Letter {
	w := newWriter()
	w.mailbox("From", "Text message service", path(c.style.Reports))
	w.mailbox("To", "", to)
	w.field("Subject", oneLine(m.Body.Subject))
	w.date("Date", m.Created)
	w.ids("Message-ID", c.messageID(m.ID))
	w.raw("Auto-Submitted", "auto-generated")
	w.text(m.Body.Text)
	return Letter{To: to, Data: w.Bytes()}
}
