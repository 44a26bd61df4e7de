package mailbridge

import (
	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// note writes a mail of Postel's own to a mailbox: a limit is near, an account
// was stopped. Like a report it has the null sender, and answers nothing.
func (c *Composer) note(m smsengine.Message, to string) Letter {
	w := c.head(wording.In(m.Body.Language).Service, path(c.style.Reports), to, oneLine(m.Body.Subject), m.Created, m.ID)
	w.set(m.Body.Headers)
	w.raw("Auto-Submitted", "auto-generated")
	w.text(m.Body.Text)
	return Letter{To: to, Data: w.Bytes()}
}
