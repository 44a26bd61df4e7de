package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// newMilterSite is a site whose users may send, and who has an account besides,
// smsalerts. more stands in the section of the milter.
func newMilterSite(t *testing.T, more string, o testbed.Options) *site {
	t.Helper()
	s := newListSite(t, o)
	s.stop()
	s.edit("[milter]\n", "[milter]\n"+more+"\n")
	s.edit("[access]\n", "[access]\nsend = true\nmonthly_limit = 50\n")
	s.start()
	return s
}

// transaction sends one mail: recipients with their answers, in order.
func (s *site) transaction(c *smtp.Client, from string, mail []byte, recipients ...rcpt) error {
	s.t.Helper()
	if err := c.Mail(from, &smtp.MailOptions{EnvelopeID: "zettel"}); err != nil {
		s.t.Fatal(err)
	}
	accepted := 0
	for _, r := range recipients {
		err := c.Rcpt(r.to, &r.options)
		answer := "250"
		if e, ok := err.(*smtp.SMTPError); ok {
			text := strings.TrimPrefix(e.Message, "<"+r.to+">... ") // Sendmail repeats what the client has just said
			answer = fmt.Sprintf("%d %s", e.Code, text)
		} else if err != nil {
			s.t.Fatal(err)
		}
		if !strings.HasPrefix(answer, fmt.Sprint(r.code)) || strings.Contains(answer, "zwieback") {
			s.t.Errorf("RCPT TO:<%s>: %s, want %d", r.to, answer, r.code)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted == 0 {
		return c.Reset()
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	return w.Close()
}

type rcpt struct {
	to      string
	code    int
	options smtp.RcptOptions
}

// sweep searches every file of the site for a word, and gives the lines of the
// mail server's log that have it.
func (s *site) sweep(word string, except ...string) (logged []string) {
	s.t.Helper()
	files := 0
	for _, dir := range []string{s.host.Root, s.dir} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(b, []byte(word)) {
				return err
			}
			name, _ := filepath.Rel(dir, path)
			for _, known := range except {
				if name == known {
					return nil
				}
			}
			if name != "var/log/mail.log" {
				s.t.Errorf("%s has the secret", path)
				return nil
			}
			for line := range strings.Lines(string(b)) {
				if strings.Contains(line, word) {
					logged = append(logged, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			s.t.Error(err)
		}
	}
	if files < 20 {
		s.t.Errorf("only %d files were searched", files)
	}
	return logged
}

// documented are the lines in which the mail server itself writes a recipient, as
// docs/secrets.md says: one that was refused, and one that an alias brought in,
// which no milter sees.
var documented = []*regexp.Regexp{
	regexp.MustCompile(`postfix/smtpd\[\d+\]: NOQUEUE: milter-reject: RCPT from .* to=<[^>]*> proto=`),
	regexp.MustCompile(`postfix/cleanup\[\d+\]: \w+: milter-reject: END-OF-MESSAGE from .* to=<[^>]*> proto=`),
	regexp.MustCompile(`postfix/sms/lmtp\[\d+\]: \w+: to=<[^>]*>, (orig_to=<[^>]*>, )?relay=mx\.example\.org\[postel/lmtp\], .* status=`),
}

// Passwords and keys in addresses, whoever wrote them where, are afterwards in no
// file of the site: no queue, no mailbox, no database, no log but for the lines
// that the mail server's own documentation has.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    string
		written map[string]int // lines of the log, by secret
	}{
		{"take = false", map[string]int{"zwieback-right": 0, "zwieback-wrong": 3, "zwieback-alias": 2, "zwieback-virtual": 1}},
		{"take = true", map[string]int{"zwieback-right": 0, "zwieback-wrong": 3, "zwieback-alias": 2, "zwieback-virtual": 1}},
	} {
		t.Run(c.mode, func(t *testing.T) {
			const aliases = `oncall: "sms:+15551234510?user=alarms&pass=zwieback-alias"@example.org, mary` + "\n" +
				`lost: "sms:+15551234511?user=nobody&pass=zwieback-alias"@example.org` + "\n"
			s := newMilterSite(t, c.mode, testbed.Options{Aliases: aliases, Virtual: `night@example.org "sms:+15551234512?user=crew&pass=zwieback-virtual"@example.org` + "\n"})
			for account, password := range map[string]string{"oven": "zwieback-right", "alarms": "zwieback-alias", "crew": "zwieback-virtual"} {
				s.withPassword(password, "account", "add", account, "--password-stdin")
			}
			key := s.keyFor("oven", "+15551234505")
			s.leaveSecrets(key)
			s.postfix.WaitQueue(0)
			s.settle()
			for _, command := range [][]string{{"account", "list"}, {"account", "show", "oven"}, {"account", "keys", "oven"}} {
				if out := s.run(command...); strings.Contains(out, "zwieback-") || strings.Contains(out, key) {
					t.Errorf("%v says\n%s", command, out)
				}
			}
			s.stop()
			c.written[key] = 0
			c.written["zwieback-"] = -1
			for secret, want := range c.written {
				lines := s.sweep(secret, "etc/aliases", "etc/aliases.db", "etc/postfix/virtual", "etc/postfix/virtual.db")
				for _, line := range lines {
					if !slices.ContainsFunc(documented, func(re *regexp.Regexp) bool { return re.MatchString(line) }) {
						t.Errorf("the mail server has logged: %s", line)
					}
				}
				if want >= 0 && len(lines) != want {
					t.Errorf("%s: %d lines of the log, want %d: %q", secret, len(lines), want, lines)
				}
			}
		})
	}
}

// leaveSecrets sends what the secrets are searched for in: each way by which one
// can come in.
func (s *site) leaveSecrets(key string) {
	s.t.Helper()
	with := func(n int, query string) string {
		return fmt.Sprintf(`"sms:+155512345%02d?%s"@example.org`, n, query)
	}
	const right, wrong = "user=oven&pass=zwieback-right", "user=oven&pass=zwieback-wrong"
	stranger := s.postfix.Dial()
	send := func(c *smtp.Client, from, id, to, extra string, recipients ...rcpt) {
		s.t.Helper()
		if err := s.transaction(c, from, write(id, to, extra, "text "+id), recipients...); err != nil {
			s.t.Error(err)
		}
	}
	// A recipient alone, whom Postfix names in its trace line; in every spelling.
	for i, to := range []string{
		with(1, right), `sms:+15551234501?` + right + `@example.org`, `SMS=+15551234501?` + right + `@Example.ORG`,
		`+15551234501?` + right + `@sms.example.org`, `"+1 555 1234501?` + right + `"@sms.example.org`,
		` "sms:+15551234501?` + right + `" @example.org`, `@relay.example:sms:+15551234501?` + right + `@example.org`,
	} {
		send(stranger, "monitor@example.com", fmt.Sprint("alone", i), to, "", rcpt{to: to, code: 250})
		s.inbox("+15551234501", i+1)
	}
	// Among others, in the header, and in ORCPT.
	send(stranger, "monitor@example.com", "many", with(2, right)+", mary@example.org",
		"Bcc: "+with(3, right)+"\nReply-To: \"The pump pass=zwieback-right\" <"+with(4, right)+">\nCc: c@example.org\n"+
			"CC: x@example.org,\n "+with(5, "key="+key)+"\nTo : "+with(5, right)+"\nReceived: by x.example\n for <"+with(4, right)+">; Mon, 23 Nov 2026 10:00:00 +0100\n"+
			"Thread-Topic: sms:+15551234502?user=oven&pass=zwieback-right\n",
		rcpt{with(2, right), 250, smtp.RcptOptions{
			OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: with(2, right), Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure}}},
		rcpt{to: "mary@example.org", code: 250}, rcpt{to: with(3, right), code: 250}, rcpt{to: with(5, "key="+key), code: 250},
		rcpt{to: "sms:+1-555-123-4502@example.org", code: 250}) // again
	s.inbox("+15551234502", 1)
	s.inbox("+15551234505", 1)
	// Refused, alone and beside a mailbox.
	send(stranger, "monitor@example.com", "refused", with(6, wrong), "", rcpt{to: with(6, wrong), code: 550})
	send(stranger, "monitor@example.com", "typo", with(6, wrong), "",
		rcpt{to: with(6, wrong), code: 550}, rcpt{to: "sms:+1?pass=zwieback-wrong@example.org", code: 553}, rcpt{to: "mary@example.org", code: 250})
	// John has signed in, and needs none; the text fails, and he gets a report.
	send(s.postfix.Login(testbed.John), "john@example.org", "fails", with(99, right), "", rcpt{with(99, right), 250, smtp.RcptOptions{
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: with(99, right), Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure}}})
	if report := s.dovecot.WaitInbox(testbed.John, 1)[0]; !bytes.Contains(report, []byte(`Original-Recipient: rfc822; "sms:+15551234599"@example.org`)) {
		s.t.Errorf("the report says\n%s", report)
	}
	// Behind aliases, where no milter sees them.
	send(stranger, "monitor@example.com", "alias", "oncall@example.org", "", rcpt{to: "oncall@example.org", code: 250})
	send(stranger, "monitor@example.com", "lost", "lost@example.org", "", rcpt{to: "lost@example.org", code: 250})
	send(stranger, "monitor@example.com", "virtual", "night@example.org", "", rcpt{to: "night@example.org", code: 250})
	s.inbox("+15551234510", 1)
	s.inbox("+15551234512", 1)
	mails := s.dovecot.WaitInbox(testbed.Mary, 3)
	for _, want := range []string{`To: "sms:+15551234502"@example.org, mary@example.org`, " \"sms:+15551234505\"@example.org\r\n", `"The pump pass=***" <"sms:+15551234504"@example.org>`} {
		if !slices.ContainsFunc(mails, func(m []byte) bool { return bytes.Contains(m, []byte(want)) }) {
			s.t.Errorf("no mail of mary's has %q", want)
		}
	}
}

// keyFor makes a key of an account for a number.
func (s *site) keyFor(account, number string) string {
	s.t.Helper()
	key := regexp.MustCompile(`key=([0-9a-z]+)`).FindStringSubmatch(s.run("account", "key", account, "--to", number))
	if key == nil {
		s.t.Fatal("no key")
	}
	return key[1]
}

// What remains of a secret after the milter, as docs/secrets.md says: while the
// mail waits, its file in the queue, which Postfix alone can read; and in a bounce
// the trace line of a mail with one recipient, unless contrib/postfix/secrets.cf
// takes it out.
func TestWhatRemainsOfASecret(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("../../contrib/postfix", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct {
		main string
		left []int // lines of the bounces of a mail with one recipient and of one with two
	}{{"", []int{1, 0}}, {read("secrets.cf"), []int{0, 0}}} {
		s := newMilterSite(t, "", testbed.Options{Main: c.main})
		if err := os.WriteFile(s.host.Path("etc/postfix/sms_secrets.regexp"), []byte(read("sms_secrets.regexp")), 0o644); err != nil {
			t.Fatal(err)
		}
		s.withPassword("zwieback-right", "account", "add", "oven", "--password-stdin")
		s.stop()
		s.edit("[lmtp]\nlisten", "[lmtp]\n#listen")
		s.edit("/lmtp\"\npeers", "/lmtp\"\n#peers")
		s.start()
		one, two := `"sms:+15551234501?user=oven&pass=zwieback-right"@example.org`, `+15551234502?user=oven&pass=zwieback-right@sms.example.org`
		for id, to := range map[string][]rcpt{"one": {{to: one, code: 250}}, "two": {{to: one, code: 250}, {to: two, code: 250}}} {
			if err := s.transaction(s.postfix.Dial(), "john@example.org", write(id, one, "", id), to...); err != nil {
				t.Fatal(err)
			}
		}
		s.postfix.WaitQueue(2)
		for _, q := range s.postfix.Queue() {
			for _, r := range q.Recipients {
				if strings.Contains(r.Address, "zwieback") {
					t.Errorf("%s waits", r.Address)
				}
			}
		}
		s.stop()
		s.edit("[lmtp]\n#listen", "[lmtp]\nlisten")
		s.edit("/lmtp\"\n#peers", "/lmtp\"\npeers")
		s.start()
		s.run("account", "disable", "oven")
		s.postfix.Flush()
		s.postfix.WaitQueue(0)
		for _, m := range s.dovecot.WaitInbox(testbed.John, 2) {
			want := c.left[0]
			if bytes.Contains(m, []byte("Message-ID: <two@")) {
				want = c.left[1]
			}
			if got := bytes.Count(m, []byte("zwieback")); got != want || !bytes.Contains(m, []byte("switched off")) {
				t.Errorf("the secret is %d times in the bounce, want %d:\n%s", got, want, m)
			}
		}
		if log := s.postfix.Log(); strings.Contains(log, "zwieback") {
			t.Errorf("the log has it:\n%s", log)
		}
	}
}
