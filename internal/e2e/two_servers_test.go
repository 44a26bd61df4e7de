package e2e

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

// The URLs of the old service's manual, "Scenario Example", as it prints them.
const (
	scenarioDevice = "https://server#1#hostname/sms/?number=%number%&data=%data%&udh=%udh%&binary= %binary%&pid=%pid%&dcs=%dcs%&sender=%sender%&msgid=%msgid%&user=<authuser>&pass= <authpassword>"
	scenarioRule   = "https://server#2#hostname/sms/deliver.html?number=%%from%% &id=<gateway#id>&data=%%body%%&pass=<gateway#password>"
)

// The passwords of the scenario; the second is the gateway's.
const (
	serverPassword  = "zwieback-server"
	gatewayPassword = "1234567-zwieback"
)

// twoServers are the scenario: the first has the modem, the users of the second
// write to phones and get their answers.
type twoServers struct {
	t     *testing.T
	modem *modem.Modem
	one   *site
	two   *site
	url1  string // of the HTTP interfaces, "https://localhost:4711"
	url2  string
}

// newTwoServers starts both, with the gateway of the second as the lines say, in
// which SERVER1 stands for the address of the first.
func newTwoServers(t *testing.T, gateway, secrets string) *twoServers {
	t.Helper()
	s := &twoServers{t: t, modem: modem.Start(t, modem.EC25, modem.Options{})}
	s.two = newSite(t, "[queue]\nretry_first = \"1s\"\n")
	s.url2 = s.two.openHTTPS("")
	s.two.stop()

	s.one = withModem(t, s.modem, "[queue]\nretry_first = \"1s\"\n")
	s.one.env = []string{"SSL_CERT_FILE=" + filepath.Join(s.two.dir, "cert.pem")}
	s.one.edit(`default_recipient = "mary@example.org"`, `default_recipient = "inbox:server2"`)
	s.url1 = s.one.openHTTPS("webhook_networks = [\"127.0.0.0/8\"]\n")
	s.one.withPassword(serverPassword, "account", "add", "server2", "sender=*", "deny=+1555666", "--password-stdin")

	place := strings.NewReplacer("SERVER1", s.url1)
	s.secret("office.secrets", place.Replace(secrets))
	s.secret("office.deliver", gatewayPassword)
	s.two.edit("id = \"sim\"\ntype = \"sim\"", fmt.Sprintf("id = \"office\"\ntype = \"http\"\ndeliver_file = %q", filepath.Join(s.two.dir, "office.deliver")))
	s.two.edit("[gateway.sim]\nreceipt_delay = \"10ms\"", fmt.Sprintf("[gateway.http]\nca_file = %q\nsecrets_file = %q\n%s",
		filepath.Join(s.one.dir, "cert.pem"), filepath.Join(s.two.dir, "office.secrets"), place.Replace(gateway)))
	s.two.start()
	return s
}

// newScenario starts them as the manual says it, word by word.
func newScenario(t *testing.T) *twoServers {
	t.Helper()
	device := strings.NewReplacer(
		"https://server#1#hostname", "SERVER1", "<authuser>", "server2", "<authpassword>", serverPassword,
	).Replace(scenarioDevice)
	s := newTwoServers(t, "provider = \"generic-url\"\n", "url="+device)
	rule := strings.NewReplacer(
		"https://server#2#hostname", s.url2, "<gateway#id>", "office", "<gateway#password>", gatewayPassword,
	).Replace(scenarioRule)
	s.one.run("webhook", "new", "office", "--account", "server2", "--on", "received", "--url", rule)
	return s
}

func (s *twoServers) secret(name, line string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.two.dir, name), []byte(line+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// What a user of the second server writes arrives on the phone as it was written.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	long := strings.TrimSpace(strings.Repeat("1+1=2 & 50% off, says Zoë; a=b?c#d \"e\" \\ 🏃‍♀️ ", 5))
	for i, text := range []string{"Water at 41 cm", "+1 & 1 + 1 = 3 % of it?&number=+15559999999", "Où ça? 🌊", long} {
		s.two.postfix.Submit(testbed.John, []string{`"sms:+15551234567?maxmsgs=9"@example.org`}, write(fmt.Sprintf("m%d", i), "x@example.org", "", text))
		if got := texts(s.modem, i+1)[i]; got.Number != alice || got.Text != text {
			t.Errorf("the phone has %q from %+v, want %q", got.Text, got.Parts, text)
		}
	}
}

// A user of the second server and a phone write to each other: each answer stands
// under what it answers.
func TestTwoServersConversation(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	to := "+15551234567@sms.example.org"
	s.two.postfix.Submit(testbed.John, []string{to}, write("m1", to, "", "How high is the water?"))
	texts(s.modem, 1)
	for i, said := range []string{"41 cm & rising + 5 % an hour, says Zoë?", "Ça monte 🌊🌊", strings.TrimSpace(strings.Repeat("A long answer; it has parts. ", 12))} {
		s.modem.Receive(alice, said)
		mails := s.two.dovecot.WaitInbox(testbed.John, i+1)
		answer, _ := parse(t, mails[i])
		if got := strings.Join(strings.Fields(bodyOf(t, mails[i])), " "); got != said {
			t.Errorf("John reads %q, want %q", got, said)
		}
		before := fmt.Sprintf("<m%d@client.example.org>", i+1)
		if got := answer.Header.Get("In-Reply-To"); got != before {
			t.Errorf("In-Reply-To is %q, want %q", got, before)
		}
		from, err := mail.ParseAddress(answer.Header.Get("From"))
		if err != nil || from.Address != to {
			t.Fatalf("From is %q: %v", answer.Header.Get("From"), err)
		}
		words := fmt.Sprintf("Pump %d, please.", i)
		s.two.postfix.Submit(testbed.John, []string{from.Address}, write(fmt.Sprintf("m%d", i+2), from.Address,
			"In-Reply-To: "+answer.Header.Get("Message-ID")+"\n", words+"\n\n+15551234567 wrote:\n> "+said))
		if got := texts(s.modem, i+2)[i+1]; got.Number != alice || got.Text != words {
			t.Errorf("the phone has %+v", got)
		}
	}
	// A text that answers nobody goes to whom the second server has for that.
	s.modem.Receive(bob, "Is this the office?")
	stray := bodyOf(t, s.two.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if !strings.Contains(stray, "Is this the office?") {
		t.Errorf("Mary reads %q", stray)
	}
	for _, one := range []*site{s.one, s.two} {
		one.settle()
		one.stop()
		if log, _ := os.ReadFile(one.log.Name()); strings.Contains(string(log), "zwieback") {
			t.Errorf("a password is in the log:\n%s", log)
		}
	}
}

// Answers that come while the second server is away come later, and once.
func TestTwoServersAway(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.two.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "Are you there?"))
	texts(s.modem, 1)
	s.two.settle()
	s.two.stop()
	s.modem.Receive(alice, "While you were out")
	s.one.wait("the first call", func() error {
		if out := s.one.run("queue", "--all"); !strings.Contains(out, "call") || !strings.Contains(out, "reached") {
			return fmt.Errorf("the queue says\n%s", out)
		}
		return nil
	})
	s.one.kill()
	s.one.start()
	s.two.start()
	answer, _ := parse(t, s.two.dovecot.WaitInbox(testbed.John, 1)[0])
	if got := answer.Header.Get("In-Reply-To"); got != "<m1@client.example.org>" {
		t.Errorf("In-Reply-To is %q", got)
	}
	s.one.settle()
	s.two.settle()
	if n := len(s.two.dovecot.WaitInbox(testbed.John, 1)); n != 1 {
		t.Errorf("it came %d times", n)
	}
}

// Shown at once, octets to a port: what the URL says beside the text is on the air.
func TestTwoServersBinaryAndFlash(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.two.withPassword(serverPassword, "account", "add", "shop", "--password-stdin")
	for i, to := range []string{`"sms:+15551234567?flash=1"@example.org`, `"sms:+15551234567?flash=1"@example.org`} {
		text := []string{"Alarm", "Тревога"}[i]
		s.two.postfix.Submit(testbed.John, []string{to}, write(fmt.Sprintf("m%d", i), "x@example.org", "", text))
		got := texts(s.modem, i+1)[i]
		if want := []byte{0x10, 0x18}[i]; got.Text != text || got.Parts[0].DCS != want {
			t.Errorf("the phone has %q with the coding scheme %#x, want %#x", got.Text, got.Parts[0].DCS, want)
		}
	}
	status, words := s.two.program(s.url2).form("/sms/", "user", "shop", "pass", serverPassword, "number", alice,
		"binary", "1", "data", "Af7/", "udh", "BQQLhCPw", "pid", "64", "dcs", "245")
	if status != 200 {
		t.Fatalf("%d %s", status, words)
	}
	got := texts(s.modem, 3)[2].Parts[0]
	if string(got.Data) != "\x01\xfe\xff" || string(got.UDH) != "\x05\x04\x0b\x84\x23\xf0" || got.PID != 64 || got.DCS != 245 {
		t.Errorf("the phone has %+v", got)
	}
}

// A number that the first server does not permit, and a server that is away: the user of the
// second server hears of the one, and nothing of the other.
func TestTwoServersFailures(t *testing.T) {
	t.Parallel()
	s := newTwoServers(t, "provider = \"postel\"\nvalues = [\"base=SERVER1\", \"user=server2\"]\n", "password="+serverPassword)
	s.one.stop()
	s.two.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "later"))
	s.two.wait("the first attempt", func() error {
		if out := s.two.run("queue", "-all"); !strings.Contains(out, "reached") {
			return fmt.Errorf("the queue says\n%s", out)
		}
		return nil
	})
	s.one.start()
	if got := texts(s.modem, 1)[0]; got.Text != "later" {
		t.Errorf("the phone has %+v", got)
	}
	s.two.postfix.Submit(testbed.John, []string{"+15556660123@sms.example.org"}, write("m2", "x@example.org", "", "denied there"))
	report := string(s.two.dovecot.WaitInbox(testbed.John, 1)[0])
	for _, want := range []string{"multipart/report", "Action: failed", "+15556660123", "not permit", "In-Reply-To: <m2@client.example.org>"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q:\n%s", want, report)
		}
	}
	for _, one := range []*site{s.one, s.two} {
		one.settle()
		one.stop()
		if log, _ := os.ReadFile(one.log.Name()); strings.Contains(string(log), "zwieback") {
			t.Errorf("a password is in the log:\n%s", log)
		}
	}
}
