package mailbridge

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Style says what the mails look like that Postel writes.
type Style struct {
	Hostname string            // right side of Message-IDs, Reporting-MTA of reports
	Domain   string            // completes patterns without one; Hostname if empty
	From     map[string]string // gateway → Pattern; "" is for the others, "%s" if missing
	Reports  string            // mailbox that reports come from; "MAILER-DAEMON@" + Hostname if empty
}

// Composer writes mails. It is pure: the same delivery gives the same mail,
// octet by octet, so that a mail handed over twice can be told by its
// Message-ID. It is safe for concurrent use.
type Composer struct {
	style Style
	from  map[string]Pattern
}

// Letter is a mail with its envelope.
type Letter struct {
	From string // envelope sender, "" for the null sender
	To   string
	Data []byte // header and body, CRLF, 7 bit unless an address is not
}

// NewComposer checks the style.
func NewComposer(s Style) (*Composer, error) {
	if s.Hostname == "" || cleanID(s.Hostname) == "" || strings.Contains(s.Hostname, "@") {
		return nil, fmt.Errorf("host name %q cannot stand in a Message-ID", s.Hostname)
	}
	s.Domain = cmp.Or(s.Domain, s.Hostname)
	s.Reports = cmp.Or(s.Reports, "MAILER-DAEMON@"+s.Hostname)
	if path(s.Reports) == "" {
		return nil, fmt.Errorf("%q, where reports come from, is not a mail address", s.Reports)
	}
	c := &Composer{style: s, from: make(map[string]Pattern)}
	for gateway, pattern := range s.From {
		p, err := ParsePattern(pattern, s.Domain)
		if err != nil {
			return nil, err
		}
		c.from[gateway] = p
	}
	if _, ok := c.from[""]; !ok {
		p, err := ParsePattern("%s", s.Domain)
		if err != nil {
			return nil, err
		}
		c.from[""] = p
	}
	return c, nil
}

// pattern gives the pattern of a gateway.
func (c *Composer) pattern(gateway string) Pattern {
	if p, ok := c.from[gateway]; ok {
		return p
	}
	return c.from[""]
}

// Compose writes the mail for a message to a mailbox.
func (c *Composer) Compose(d smsengine.Delivery) (Letter, error) {
	to := path(d.Message.To.Value)
	if d.Message.To.Scheme != smsengine.Mailto || to == "" {
		return Letter{}, smsengine.Fail("compose", smsengine.Permanent, "5.1.3", "the recipient is not a mail address", nil)
	}
	switch {
	case d.Message.Kind == smsengine.Incoming:
		return c.incoming(d, to), nil
	case d.Message.Kind == smsengine.Report && d.Message.Body.Notice != nil:
		return c.notice(d, to), nil
	case d.Message.Kind == smsengine.Note:
		return c.note(d.Message, to), nil
	}
	return Letter{}, smsengine.Fail("compose", smsengine.Permanent, "5.6.0",
		fmt.Sprintf("a message of kind %q does not become a mail", d.Message.Kind), nil)
}

// incoming writes the mail for a text from a phone.
func (c *Composer) incoming(d smsengine.Delivery, to string) Letter {
	m := d.Message
	var sms smsengine.ReceivedSMS
	if m.Body.Received != nil {
		sms = *m.Body.Received
	}
	pattern := c.pattern(sms.Gateway)
	from, answerable := pattern.Address(m.From)

	w := newWriter()
	w.mailbox("From", pattern.displayName(m.From), from)
	w.mailbox("To", "", to)
	w.field("Subject", subject(sms.Thread, m.From))
	w.date("Date", sentAt(sms.Sent, m.Created))
	w.ids("Message-ID", c.messageID(m.ID))
	w.thread(sms.Thread)
	// A person wrote the text, so it is not an automatic message (RFC 3834
	// §5.1). A sender with a name instead of a number is a program, and nobody
	// reads what would be answered.
	if answerable {
		w.raw("Auto-Submitted", "no")
	} else {
		w.raw("Auto-Submitted", "auto-generated")
	}
	w.text(withMissing(m.Body.Text, sms.Missing, sms.Total))
	return Letter{From: from, To: to, Data: w.Bytes()}
}

// subject is that of the mail that is answered, which keeps them together. A
// text that answers none gets its sender's number, not its first words: so all
// texts of one sender stand together, and no words show in the list of mails.
func subject(t smsengine.Thread, from smsengine.Address) string {
	switch answered := oneLine(t.Subject); {
	case answered != "" && isAnswer(answered):
		return answered
	case answered != "":
		return "Re: " + answered
	case from.Value == "":
		return "Text message"
	}
	return "Text from " + from.Value
}

// sentAt believes the network's time stamp unless it lies in the future: a mail
// from tomorrow would stay on top of the mailbox.
func sentAt(sent, received time.Time) time.Time {
	if sent.IsZero() || !received.IsZero() && sent.After(received.Add(time.Hour)) {
		return received
	}
	return sent
}

func (c *Composer) messageID(id smsengine.MessageID) string {
	return string(id) + "@" + c.style.Hostname
}

func (w *writer) thread(t smsengine.Thread) {
	w.ids("In-Reply-To", t.InReplyTo)
	references := t.References
	if n := len(references); t.InReplyTo != "" && (n == 0 || references[n-1] != t.InReplyTo) {
		references = append(references[:n:n], t.InReplyTo)
	}
	w.ids("References", references...)
}

// withMissing says which parts of a long text never came: those that it begins
// with above the text, the others below.
func withMissing(text string, missing []int, total int) string {
	var above, below []string
	for i, part := range missing {
		line := fmt.Sprintf("[part %d of %d is missing]", part, total)
		if part == i+1 {
			above = append(above, line)
		} else {
			below = append(below, line)
		}
	}
	return strings.Join(append(append(above, text), below...), "\n")
}
