package mailbridge

import (
	"cmp"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Style says what the mails look like that Postel writes.
type Style struct {
	Hostname   string            // right side of Message-IDs, Reporting-MTA of reports
	Domain     string            // completes patterns without one; Hostname if empty
	From       map[string]string // gateway → Pattern; "" is for the others, "%s" if missing
	Reports    string            // mailbox that reports come from; "MAILER-DAEMON@" + Hostname if empty
	ShortCodes []string          // those that texts may go to: others cannot be answered
	Zone       *time.Location    // of times in sentences; nil: UTC
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
	ID   string // its Message-ID without angle brackets: the same for the same message
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
	s.Zone = cmp.Or(s.Zone, time.UTC)
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

// Compose writes the mail for a message to a mailbox. Every mail has
// [MessageHeader], by which Postel knows its own.
func (c *Composer) Compose(d smsengine.Delivery) (Letter, error) {
	l, err := c.compose(d)
	l.ID = c.messageID(d.Message.ID)
	return l, err
}

func (c *Composer) compose(d smsengine.Delivery) (Letter, error) {
	to := path(d.Message.To.Value)
	if d.Message.To.Scheme != smsengine.Mailto || to == "" {
		return Letter{}, smsengine.Fail("compose", smsengine.Permanent, "5.1.3", "the recipient is not a mail address", nil)
	}
	switch {
	case d.Message.Kind == smsengine.Incoming:
		return c.incoming(d.Message, to), nil
	case d.Message.Kind == smsengine.Report && d.Message.Body.Notice != nil:
		return c.notice(d, to), nil
	case d.Message.Kind == smsengine.Note:
		return c.note(d.Message, to), nil
	}
	return Letter{}, smsengine.Fail("compose", smsengine.Permanent, "5.6.0",
		fmt.Sprintf("a message of kind %q does not become a mail", d.Message.Kind), nil)
}

// head begins a mail.
func (c *Composer) head(from, address, to, subject string, date time.Time, id smsengine.MessageID) *writer {
	w := newWriter()
	w.mailbox("From", from, address)
	w.mailbox("To", "", to)
	w.field("Subject", subject)
	w.date("Date", date)
	w.ids("Message-ID", c.messageID(id))
	w.raw(MessageHeader, string(id))
	return w
}

func (c *Composer) messageID(id smsengine.MessageID) string {
	return string(id) + "@" + c.style.Hostname
}

// set adds fields that rules have set: only such as are nobody else's.
func (w *writer) set(fields []smsengine.Param) {
	for _, f := range fields {
		if strings.HasPrefix(strings.ToLower(f.Name), "x-") && !strings.EqualFold(f.Name, MessageHeader) {
			w.field(textproto.CanonicalMIMEHeaderKey(f.Name), oneLine(f.Value))
		}
	}
}

func (w *writer) thread(t smsengine.Thread) {
	w.ids("In-Reply-To", t.InReplyTo)
	references := t.References
	if n := len(references); t.InReplyTo != "" && (n == 0 || references[n-1] != t.InReplyTo) {
		references = append(references[:n:n], t.InReplyTo)
	}
	w.ids("References", references...)
}
