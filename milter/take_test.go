package milter

import (
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

var (
	full  = smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "the limit of the month is reached", nil)
	later = smsengine.Fail("store", smsengine.Temporary, "4.3.1", "the disk is full", nil)
)

// What becomes of a mail that is taken: who stays a recipient, and what its
// client hears.
func TestTake(t *testing.T) {
	const one, two, mary = "+15555550101@sms.example.org", "sms:+15555550102@example.org", "mary@example.org"
	const secret = "+15555550103?user=john&pass=hunter2@sms.example.org"
	for _, c := range []struct {
		name       string
		to         []string
		outcome    map[string]error
		answer     string
		recipients []string
	}{
		{"phones only", []string{one, two}, nil, "d", nil},
		{"phone and mailbox", []string{one, mary}, nil, "c", []string{"- <" + one + ">"}},
		{"in two spellings", []string{two, "sms:+1-555-555-0102@example.org"}, nil, "d", nil},
		{"in two spellings, and mailbox", []string{two, "sms:+1-555-555-0102@example.org", mary}, nil, "c", []string{"- <" + two + ">", "- <sms:+1-555-555-0102@example.org>"}},
		{"with a password", []string{secret}, nil, "c", []string{ // a discarded mail's recipient would be logged
			"- <" + secret + ">", `+ <"+15555550103"@sms.example.org> ORCPT=rfc822;+2B15555550103@sms.example.org`, `- <"+15555550103"@sms.example.org>`,
		}},
		{"refused", []string{one}, map[string]error{"0101": full}, "552 5.2.2 the limit of the month is reached", nil},
		{"one of two refused", []string{one, two}, map[string]error{"0101": full}, "c", []string{"- <" + two + ">"}},
		{"refused beside a mailbox", []string{one, mary}, map[string]error{"0101": full}, "c", nil},
		{"one of two later", []string{one, two, mary}, map[string]error{"0102": later}, "452 4.3.1 the disk is full", nil},
		{"one refused and one later", []string{one, two}, map[string]error{"0101": full, "0102": later}, "452 4.3.1 the disk is full", nil},
		{"mailbox only", []string{mary}, nil, "c", nil},
	} {
		d := &desk{outcome: c.outcome}
		_, path := start(t, d, Options{Mode: Take})
		m := connect(t, path)
		m.mail("john", "john@example.org")
		for _, to := range c.to {
			m.rcpt(to, "c")
		}
		fields := []string{"Message-ID: <1@example.org>", "Subject: the pump"}
		if !slices.Equal(c.to, []string{mary}) {
			m.header("c", fields...)
			m.want("c", first(m.BodyChunk([]byte("It is\r\n"))))
			m.want("c", first(m.BodyChunk([]byte("broken.\r\n"))))
		}
		answer, _, recipients := m.finish(fields...)
		if answer != c.answer || !slices.Equal(recipients, c.recipients) {
			t.Errorf("%s: answer %q, recipients %q", c.name, answer, recipients)
		}
		for _, s := range d.submitted {
			if text(s) != "It is\nbroken." || s.Source.MessageID != "1@example.org" || s.Source.Identity.User != "john" || s.Source.Door != "milter" || s.Source.Subject != "the pump" {
				t.Errorf("%s: submitted %+v", c.name, s)
			}
			for _, r := range s.Recipients {
				if strings.Contains(r.Address, "hunter2") {
					t.Errorf("%s: the desk was told %+v", c.name, r)
				}
			}
		}
	}
}

// The mail of several accounts is submitted for each.
func TestTakeForEachIdentity(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	m.mail("", "list@example.com")
	m.rcpt("+15555550101?user=a&pass=x@sms.example.org", "c")
	m.rcpt("+15555550102?key=x@sms.example.org", "c")
	m.rcpt("+15555550103?user=a&pass=x@sms.example.org", "c")
	m.header("c", "Subject: x")
	m.finish()
	var got []string
	for _, s := range d.submitted {
		for _, r := range s.Recipients {
			got = append(got, s.Source.Identity.Method+" "+r.Address)
		}
	}
	if want := []string{"password +15555550101@sms.example.org", "password +15555550103@sms.example.org", "key +15555550102@sms.example.org"}; !slices.Equal(got, want) {
		t.Errorf("submitted %q", got)
	}
}

// No text is lost because its sender has no name.
func TestTakeFromNobody(t *testing.T) {
	d := &desk{nobody: true}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	m.mail("", "mary@example.com")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: x")
	if answer, _, _ := m.finish(); answer != "d" || len(d.submitted) != 1 {
		t.Errorf("answer %s, submitted %+v", answer, d.submitted)
	}
}

// What must not become a text does not; a bounce to a phone vanishes.
func TestTakeRefusesLoops(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Auto-Submitted: auto-replied", "Subject: I am away")
	if answer, _, _ := m.finish(); !strings.HasPrefix(answer, "550 5.7.1 an automatic reply") {
		t.Errorf("a vacation notice: %s", answer)
	}
	m.mail("", "")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: Undelivered Mail")
	if answer, _, _ := m.finish(); answer != "d" {
		t.Errorf("a bounce: %s", answer)
	}
	m.mail("", "")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.rcpt("mary@example.org", "c")
	m.header("c", "Subject: Undelivered Mail")
	if answer, _, recipients := m.finish(); answer != "c" || !slices.Equal(recipients, []string{"- <+15555550101@sms.example.org>"}) {
		t.Errorf("a bounce to a mailbox too: %s %q", answer, recipients)
	}
	for _, s := range d.submitted {
		if s.Mail.Kind != smsengine.MailAutoReplied {
			t.Errorf("submitted %+v", s)
		}
	}
}

// A mail of ours that a mailbox refused is told to the Desk, not taken for a text.
func TestTakeReadsBounces(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take, Letters: mailbridge.Letterbox{Hostname: "mx.example.org"}})
	m := connect(t, path)
	m.mail("", "")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: Undelivered Mail", "Content-Type: multipart/report; report-type=delivery-status; boundary=b")
	m.want("c", first(m.BodyChunk([]byte(strings.ReplaceAll(bounce, "\n", "\r\n")))))
	if answer, _, _ := m.finish(); answer != "d" {
		t.Errorf("answer %s", answer)
	}
	if len(d.bounces) != 1 || d.bounces[0].Message != "01m83pph0xzbft5h9p0ka3km56" || d.bounces[0].Status.Code != "5.2.2" || d.submitted != nil {
		t.Errorf("%+v, submitted %+v", d.bounces, d.submitted)
	}
}

const bounce = `--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; mary@example.org
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 over quota

--b
Content-Type: text/rfc822-headers

Message-ID: <01m83pph0xzbft5h9p0ka3km56@mx.example.org>
X-Postel-Message: 01m83pph0xzbft5h9p0ka3km56

--b--
`

// The ticket is with the MTA before a text is queued: should we die in between, the
// mail goes on to the transport, which knows by the ticket whose texts it has.
func TestTakeStampsFirst(t *testing.T) {
	d := &desk{hold: make(chan struct{})}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.rcpt("mary@example.org", "c")
	m.header("c", "Message-ID: <1@example.org>")
	m.sees = func(action byte) {
		if action == 'h' {
			close(d.hold)
		}
	}
	answer, header, _ := m.finish()
	m.want("c", answer)
	covers(t, header, "john@example.org", "1@example.org", "+15555550101")
}

// A mail without Message-ID and Date is known by its place in the queue; the same
// words tomorrow are another text.
func TestTakeWithoutMessageID(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	for _, queue := range []string{"4XyZ1", "4XyZ1", "4XyZ2"} {
		m.mail("john", "john@example.org", macroQueue, queue)
		m.rcpt("+15555550101@sms.example.org", "c")
		m.header("c", "Subject: disk full")
		m.finish()
	}
	if s := d.submitted; len(s) != 3 || s[0].Source.Digest == "" || s[0].Source.Digest != s[1].Source.Digest || s[1].Source.Digest == s[2].Source.Digest {
		t.Errorf("submitted %+v", s)
	}
}

// A mail that is too big is refused, and one that never ends is forgotten.
func TestTakeBounds(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take, MaxSize: 100_000})
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: big")
	for range 4 {
		m.want("c", first(m.BodyChunk([]byte(strings.Repeat("0123456789", 6000)))))
	}
	if answer, _, _ := m.finish(); answer != "552 5.3.4 the mail is too big for a text message" {
		t.Errorf("answer is %s", answer)
	}
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: broken off")
	m.want("c", first(m.BodyChunk([]byte("text"))))
	if err := m.Abort(); err != nil {
		t.Fatal(err)
	}
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.header("c", "Subject: whole")
	if answer, _, _ := m.finish(); answer != "d" || len(d.submitted) != 1 || text(d.submitted[0]) != "whole" {
		t.Errorf("%s, submitted %+v", answer, d.submitted)
	}
}
