package courier

import (
	"fmt"

	"github.com/emersion/go-imap/v2"

	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
)

// classifyOpen says what it means that a mailbox could not be opened. A server
// tells nobody whether user or password was wrong, so mail waits until somebody
// has looked, unless it says in so many words that there is no such mailbox.
func classifyOpen(err error) error {
	switch {
	case mailbox.LoginRefused(err) && mailbox.CodeOf(err) == imap.ResponseCodeNonExistent:
		return fail(smsengine.Permanent, "5.1.1", "there is no such mailbox", err)
	case mailbox.LoginRefused(err) && mailbox.CodeOf(err) == imap.ResponseCodeUnavailable:
		return fail(smsengine.Temporary, "4.3.2", "the mailbox is not available now", err)
	case mailbox.LoginRefused(err):
		return fail(smsengine.Temporary, "4.3.5", "the mailbox cannot be opened", err)
	}
	return fail(smsengine.Temporary, "4.4.1", "the mailbox server cannot be reached", err)
}

// classifyAppend says what a failure means. An answer says it itself (RFC 5530);
// a lost connection is harmless until the mail is out, and after it nobody knows.
func classifyAppend(at step, err error) error {
	if err == nil {
		return nil
	}
	if mailbox.LoginRefused(err) {
		return classifyOpen(err)
	}
	answer, ok := mailbox.Answer(err)
	if !ok && at == stepFinal {
		return fail(smsengine.Uncertain, "4.4.2", "the connection to the mailbox server was lost before its answer came", err)
	}
	if !ok {
		return fail(smsengine.Temporary, "4.4.2", "the connection to the mailbox server was lost", err)
	}
	switch answer.Code {
	case imap.ResponseCodeOverQuota:
		return fail(smsengine.Temporary, "4.2.2", "the mailbox is full", err)
	case imap.ResponseCodeTooBig:
		return fail(smsengine.Permanent, "5.2.3", "the mail is larger than the mailbox takes", err)
	case imap.ResponseCodeNoPerm:
		return fail(smsengine.Temporary, "4.2.1", "the folder takes no mail from us", err)
	}
	text := fmt.Sprintf("the mailbox server said: %s %s", answer.Type, said(answer.Text, 200))
	return fail(smsengine.Temporary, "4.2.0", text, err)
}
