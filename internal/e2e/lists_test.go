package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// newListSite is a site where Postfix has more to do than newSite's: aliases
// and lists. Nobody may send but the account smsalerts, password alertPwd.
func newListSite(t *testing.T, o testbed.Options) *site {
	t.Helper()
	s := newListHost(t)
	s.addPostel(t, o)
	return s
}

// newListHost is a host with mailboxes only.
func newListHost(t *testing.T) *site {
	t.Helper()
	h := testbed.NewHost(t)
	return &site{host: h, dovecot: h.StartDovecot(testbed.John, testbed.Mary)}
}

// addPostel starts Postfix and Postel, and makes the account.
func (s *site) addPostel(t *testing.T, o testbed.Options) {
	t.Helper()
	s.postfix = s.host.StartPostfix(o)
	socket := func(name string) string {
		return fmt.Sprintf("listen = \"unix:%s\"\npeers = [%q]\n", filepath.Join(s.postfix.PostelDir(), name), testbed.MailOwner)
	}
	s.postel = newPostel(t, `
[address]
phone_domains = ["sms.example.org"]
domains = ["example.org"]
[access]
domains = ["example.org"]
[milter]
`+socket("milter")+`
[policy]
`+socket("policy")+`
[lmtp]
`+socket("lmtp")+`
[mail]
to = "smtp:`+s.postfix.SMTP+`"
[[gateway]]
id = "sim"
type = "sim"
number = "`+ourNumber+`"
default_recipient = "mary@example.org"
[gateway.sim]
receipt_delay = "10ms"
fail = ["*99 permanent"]
`)
	s.start()
	s.runWith("alertPwd\n", "account", "add", "smsalerts", "--password-stdin")
}

// runWith runs a postel command that reads its standard input.
func (p *postel) runWith(input string, args ...string) string {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	at := len(args)
	if at > 2 {
		at = 2 // options stand behind the names of the command
	}
	args = append(append(append([]string{}, args[:at]...), "-c", p.config), args[at:]...)
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("postel %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// key makes a key of an account for a number, and gives the address with it.
func (p *postel) key(account, number string) string {
	p.t.Helper()
	var key struct{ Addresses []string }
	out := p.runWith("", "account", "key", "-json", "-to", number, account)
	if err := json.Unmarshal([]byte(out), &key); err != nil || len(key.Addresses) == 0 {
		p.t.Fatalf("%v in %s", err, out)
	}
	return key.Addresses[0]
}

const listed = `"sms:+15551234567?user=smsalerts&pass=alertPwd"@example.org`

// Whoever writes to an alias writes to the phones in it, and the account that
// is named there pays.
func TestPhonesInAliases(t *testing.T) {
	t.Parallel()
	s := newListSite(t, testbed.Options{
		Aliases:  "oncall: " + listed + ", mary\nduty: :include:/etc/lists/duty\nowner-duty: mary\n",
		Includes: map[string]string{"duty": "# who is on duty\n" + listed + "\n"},
		Virtual:  "pager@example.org " + listed + "\n",
	})
	stranger := s.postfix.Dial()
	for i, to := range []string{"oncall@example.org", "duty@example.org", "pager@example.org"} {
		text := fmt.Sprintf("the pump has stopped, %d", i)
		mail := write(fmt.Sprintf("l%d", i), to, "", text)
		if err := stranger.SendMail("monitor@example.com", []string{to}, bytes.NewReader(mail)); err != nil {
			t.Fatal(to, err)
		}
		if got := s.inbox(alice, i+1)[i].Text; got != text {
			t.Errorf("%s: the phone has %q", to, got)
		}
	}
	s.dovecot.WaitInbox(testbed.Mary, 1)
	s.wantUsed(3)

	// The sender is no user of ours: answers go to the gateway's default.
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "on my way")
	if answer := s.dovecot.WaitInbox(testbed.Mary, 2)[1]; !bytes.Contains(answer, []byte("on my way")) {
		t.Errorf("mary reads %s", answer)
	}
	s.wantNoSecret()
}

// A wrong password in an alias sends nothing, and the owner of the alias hears
// of it.
func TestWrongPasswordInAlias(t *testing.T) {
	t.Parallel()
	s := newListSite(t, testbed.Options{
		Aliases: "oncall: " + strings.Replace(listed, "alertPwd", "alertPwdOfOld", 1) + "\nowner-oncall: mary\n",
	})
	mail := write("l1", "oncall@example.org", "", "the pump has stopped")
	if err := s.postfix.Dial().SendMail("monitor@example.com", []string{"oncall@example.org"}, bytes.NewReader(mail)); err != nil {
		t.Fatal(err)
	}
	bounce := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if !strings.Contains(bounce, "Status: 5.7.8") {
		t.Errorf("the owner reads %s", bounce)
	}
	s.wantUsed(0)
	s.wantNoSecret()
}

// mlmmj makes a mail for each member. One member has a password, one a key,
// which lives through mlmmj-sub and its lower case; the third phone does not
// take texts, and the account's contact hears of that, not the list.
func TestPhonesInMlmmj(t *testing.T) {
	t.Parallel()
	s := newListSite(t, testbed.Options{Lists: []testbed.List{{
		Name: "alerts",
		Members: []string{
			"mary@example.org", strings.ReplaceAll(listed, `"`, ""),
			"sms:+15551234599?user=smsalerts&pass=alertPwd@example.org",
		},
	}}})
	s.runWith("", "account", "set", "--contact", testbed.John.Address(), "smsalerts")
	const second = "+15551234568"
	withKey := s.key("smsalerts", second)
	if all := s.postfix.Subscribe("alerts", withKey); !slices.Contains(all, withKey) {
		t.Fatalf("mlmmj has %q, not %s", all, withKey)
	}

	s.postfix.Submit(testbed.Mary, []string{"alerts@example.org"}, write("l1", "alerts@example.org", "", "all hands"))
	for _, phone := range []string{alice, second} {
		if got := s.inbox(phone, 1)[0].Text; got != "all hands" {
			t.Errorf("%s has %q", phone, got)
		}
	}
	s.dovecot.WaitInbox(testbed.Mary, 1)
	report := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(report, "Action: failed") || !strings.Contains(report, "+15551234599") {
		t.Errorf("the contact reads %s", report)
	}
	if strings.Contains(report, "alertPwd") {
		t.Errorf("a password is in the report: %s", report)
	}
	s.wantUsed(2) // what failed cost nothing
	s.wantNoSecret()
}

// Mailman 3 takes a key. Its mail says Precedence: list and List-Id, which is no
// reason to refuse it: its members want to be told. Members alone may post.
func TestPhonesInMailman(t *testing.T) {
	t.Parallel()
	s := newListHost(t)
	mailman := s.host.StartMailman("alerts")
	s.addPostel(t, testbed.Options{})
	mailman.Add("mary@example.org", s.key("smsalerts", alice))

	s.postfix.Submit(testbed.Mary, []string{"alerts@example.org"}, write("l1", "alerts@example.org", "", "all hands"))
	if got := s.inbox(alice, 1)[0].Text; !strings.HasPrefix(got, "all hands") { // and the list's footer
		t.Errorf("the phone has %q", got)
	}
	s.dovecot.WaitInbox(testbed.Mary, 1)
	s.wantUsed(1)

	// A member whose key was never made is refused when the list sends.
	c := s.postfix.Dial()
	if err := c.Mail("alerts-bounces@example.org", nil); err != nil {
		t.Fatal(err)
	}
	wrong := "+15551234567?key=dq3m8v0s2k7xw9h4c1n6b5rfta@sms.example.org"
	if err := c.Rcpt(wrong, nil); code(err) != 550 {
		t.Errorf("a wrong key: %v", err)
	}
}

// wantUsed looks what the account has been charged this month.
func (s *site) wantUsed(parts int) {
	s.t.Helper()
	if out := s.runWith("", "account", "show", "smsalerts"); !strings.Contains(out, fmt.Sprintf("this month   %d (", parts)) {
		s.t.Errorf("the account should have paid for %d parts:\n%s", parts, out)
	}
}

// wantNoSecret looks into all that Postel has written down.
func (s *site) wantNoSecret() {
	s.t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.state(), "*"))
	s.wantNoSecretIn(append(files, s.log.Name())...)
}

func (s *site) wantNoSecretIn(files ...string) {
	s.t.Helper()
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err == nil && bytes.Contains(bytes.ToLower(b), []byte("alertpwd")) {
			s.t.Errorf("%s has the password", name)
		}
	}
}
