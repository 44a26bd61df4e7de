package milter

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// Recipients lose their secrets; a ticket for each identity vouches for them, and
// each number is a recipient once.
func TestSecretsLeaveTheEnvelope(t *testing.T) {
	_, path := start(t, &desk{})
	m := connect(t, path)
	m.mail("", "list@example.com")
	m.rcpt(`"sms:+15551234561?user=alerts&pass=hunter2"@example.org`, "c", "NOTIFY=NEVER", "ORCPT=rfc822;sms:+2B15551234561?user+3Dalerts&pass+3Dhunter2@example.org")
	m.rcpt(`@relay.example:+15551234562?key=hunter3&maxmsgs=2@sms.example.org`, "c")
	m.rcpt(`sms:+15551234563?user=alerts&pass=hunter2@example.org`, "c")
	m.rcpt(`mary@example.org`, "c")
	m.rcpt(`+15551234562@sms.example.org`, "c")                               // again, and it stays
	m.rcpt(`sms:+15551234561?user=x&pass=hunter4@example.org`, "c")           // again: no reason to ask who pays
	m.rcpt(`sms:+15551234564?user=root&pass=hunter5@example.org`, "c")        // another account
	m.rcpt(`+15551234565@sms.example.org`, "550 5.7.1 log in to send texts")  // nobody
	m.rcpt(`sms:+1555?user=root&pass=hunter6@example.org`, tooShort("+1555")) // told without its password
	fields := []string{"Message-ID: <1@example.com>"}
	m.header("c", fields...)
	header, recipients := m.end(fields...)

	want := []string{
		`- <"sms:+15551234561?user=alerts&pass=hunter2"@example.org>`,
		`+ <"sms:+15551234561"@example.org> NOTIFY=NEVER ORCPT=rfc822;"sms:+2B15551234561"@example.org`,
		`- <+15551234562?key=hunter3&maxmsgs=2@sms.example.org>`,
		`- <sms:+15551234563?user=alerts&pass=hunter2@example.org>`,
		`+ <"sms:+15551234563"@example.org> ORCPT=rfc822;"sms:+2B15551234563"@example.org`,
		`- <sms:+15551234561?user=x&pass=hunter4@example.org>`,
		`- <sms:+15551234564?user=root&pass=hunter5@example.org>`,
		`+ <"sms:+15551234564"@example.org> ORCPT=rfc822;"sms:+2B15551234564"@example.org`,
	}
	if !slices.Equal(recipients, want) {
		t.Errorf("recipients:\n%s\nwant\n%s", strings.Join(recipients, "\n"), strings.Join(want, "\n"))
	}
	all := tickets(t, header)
	ids := []smsengine.Identity{
		{Method: smsengine.MethodPassword, User: "alerts", Peer: client},
		{Method: smsengine.MethodKey, User: "alerts", Key: "k1", Peer: client},
		{Method: smsengine.MethodPassword, User: "root", Peer: client},
	}
	numbers := [][]string{{"+15551234561", "+15551234563"}, {"+15551234562"}, {"+15551234564"}}
	if len(all) != len(ids) {
		t.Fatalf("%d tickets in %q", len(all), header)
	}
	for i, ticket := range all {
		if ticket.Identity() != ids[i] {
			t.Errorf("ticket %d is of %+v", i, ticket.Identity())
		}
		for j, group := range numbers {
			for _, n := range group {
				if err := ticket.Covers("list@example.com", "1@example.com", n); (err == nil) != (i == j) {
					t.Errorf("ticket %d, number %s: %v", i, n, err)
				}
			}
		}
	}
}

func tooShort(digits string) string {
	return "553 5.1.3 " + digits + " is too short for a phone number: write the number in full, like +15551234567, without parentheses"
}

// The transport looks at so many tickets and no more.
func TestNotMoreIdentitiesThanTickets(t *testing.T) {
	_, path := start(t, &desk{})
	m := connect(t, path)
	m.mail("", "list@example.com")
	for i := range mailbridge.MaxTickets {
		m.rcpt(fmt.Sprintf("+155555501%02d?user=a%d&pass=x@sms.example.org", i, i), "c")
	}
	m.rcpt("+15555550190?user=b&pass=x@sms.example.org", "452 4.5.3 too many accounts pay for this mail, send it in several")
	m.rcpt("+15555550191?user=a1&pass=x@sms.example.org", "c")
	m.header("c", "Subject: x")
	header, _ := m.end()
	if n := len(tickets(t, header)); n != mailbridge.MaxTickets {
		t.Errorf("%d tickets", n)
	}
}

// A site's network is an identity, and gets a ticket like any other.
func TestTicketOfANetwork(t *testing.T) {
	_, path := start(t, &desk{})
	m := connect(t, path)
	if err := m.Macros('M', macroAddress, monitor); err != nil {
		t.Fatal(err)
	}
	m.want("c", first(m.Mail("root@example.org", nil)))
	m.rcpt("+15551234561@sms.example.org", "c")
	m.header("c", "Subject: x")
	header, _ := m.end("Subject: x")
	got := covers(t, header, "root@example.org", "", "+15551234561").Identity()
	if want := (smsengine.Identity{Method: smsengine.MethodClient, Peer: monitor}); got != want {
		t.Errorf("identity is %+v", got)
	}
}

const secretTo = `To: "The pump" <"sms:+15551234561?user=alerts&pass=hunter2"@example.org>, mary@example.org`

var cleanTo = strings.Replace(secretTo, "?user=alerts&pass=hunter2", "", 1)

// Whose header loses its secrets.
func TestScrubbing(t *testing.T) {
	const to, mary = "+15551234561?user=alerts&pass=hunter2@sms.example.org", "mary@example.org"
	fields := []string{"Cc: joe@example.org", secretTo, "CC: sms:+15551234561?key=hunter3@example.org", "Subject: the hunter2 pass=hunter2 is secret", "cc: \"pass=hunter2\" <joe@example.org>"}
	clean := []string{fields[0], cleanTo, `CC: "sms:+15551234561"@example.org`, `Subject: the hunter2 pass=*** is secret`, `cc: "pass=***" <joe@example.org>`}
	asked := slices.Clone(clean)
	asked[3] = fields[3] // what is no address of ours is nobody's business
	for _, c := range []struct {
		name       string
		scrub      Scrub
		recipients map[string]string
		want       []string // nil: let go at the first field
	}{
		{"phone", ScrubPhone, map[string]string{to: "c", mary: "c"}, clean},
		{"refused phone", ScrubPhone, map[string]string{strings.Replace(to, "561", "102", 1): "552 5.2.2 no", mary: "c"}, clean},
		{"mailbox", ScrubPhone, map[string]string{mary: "c"}, nil},
		{"mailbox, all", ScrubAll, map[string]string{mary: "c"}, asked},
		{"phone, all", ScrubAll, map[string]string{to: "c"}, clean},
		{"phone, none", ScrubNone, map[string]string{to: "c"}, fields},
		{"mailbox, none", ScrubNone, map[string]string{mary: "c"}, nil},
	} {
		d := &desk{refuse: map[string]error{"1102": smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "no", nil)}}
		_, path := start(t, d, Options{Scrub: c.scrub})
		m := connect(t, path)
		m.mail("", "list@example.com")
		for rcpt, answer := range c.recipients {
			m.rcpt(strings.Replace(rcpt, "234102", "551102", 1), answer)
		}
		if c.want == nil {
			m.header("a", fields[0])
			continue
		}
		m.header("c", fields...)
		m.want("c", first(m.HeaderEnd()))
		got, _ := m.end(fields...)
		if n := len(fields); !slices.Equal(got[:n], c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got[:n], c.want)
		}
	}
}

// With ScrubAll, other mail without secrets ends with its header.
func TestScrubbingAllLetsGoAtTheEndOfTheHeader(t *testing.T) {
	_, path := start(t, &desk{}, Options{Scrub: ScrubAll, Mode: Take})
	m := connect(t, path)
	for range 2 {
		m.mail("", "mary@example.com")
		m.rcpt("mary@example.org", "c")
		m.header("c", "To: mary@example.org", "X-Postel-Ticket: forged")
		m.want("a", first(m.HeaderEnd()))
	}
	m.mail("", "mary@example.com")
	m.rcpt("mary@example.org", "c")
	m.header("c", secretTo)
	m.want("c", first(m.HeaderEnd()))
	m.want("c", first(m.BodyChunk([]byte("text"))))
	if got, _ := m.end(secretTo); got[0] != cleanTo {
		t.Errorf("header is %q", got)
	}
}

// No secret is in an answer or in the log, whoever said it.
func TestNoSecretIsSaid(t *testing.T) {
	var log bytes.Buffer
	for _, mode := range []Mode{Stamp, Take} {
		d := &desk{
			refuse:  map[string]error{"0102": smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "not for ?user=a&pass=hunter2@x", nil), "0103": nil},
			outcome: map[string]error{"0104": smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "not for ?user=a&pass=hunter2@x", nil)},
		}
		_, path := start(t, d, Options{Mode: mode, Log: slog.New(slog.NewTextHandler(&log, nil))})
		m := connect(t, path)
		m.mail("", "mary@example.com")
		m.rcpt("+15555550102?user=a&pass=hunter2@sms.example.org", "552 5.2.2 not for ?user=a&pass=***@x")
		m.rcpt("+15555550103?user=a&pass=hunter2@sms.example.org", "451 4.3.0 temporary failure of the phone service, try again later")
		m.rcpt("+15555550104?user=a&pass=hunter2@sms.example.org", "c")
		m.header("c", "Subject: hunter2")
		answer, _, _ := m.finish()
		if strings.Contains(answer, "hunter2") {
			t.Errorf("%s: %s", mode, answer)
		}
		m.Close()
	}
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "refused") {
		t.Errorf("the log says:\n%s", log.String())
	}
}
