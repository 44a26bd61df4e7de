package config

import (
	"os"
	"strings"
	"testing"
)

const mailboxFile = `[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
[mail]
to = "imap"
[imap]
server = "imap.example.org:993"
password_file = "/etc/postel/master"
user = "%s*postel"
folder = "SMS"
[[mailbox]]
id = "hosted"
server = "imap.example.net:993"
user = "sms@example.org"
password_file = "/etc/postel/hosted"
auth_server = "mx.example.net"
[[gateway]]
id = "office"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
`

func TestMailboxes(t *testing.T) {
	c, err := Parse("postel.toml", []byte(mailboxFile), drivers)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Mailboxes[0]
	if m.TLS != "implicit" || m.Folder != "INBOX" || m.Done != "Done" || m.Refused != "Refused" {
		t.Errorf("mailbox %+v", m)
	}
	if to, err := c.Mail.Target(); err != nil || to.Protocol != "imap" || c.IMAP.ReportFolder != "INBOX" || c.IMAP.TLS != "implicit" {
		t.Errorf("to %+v, %v, imap %+v", to, err, c.IMAP)
	}
	for _, tt := range []struct{ old, new, want string }{
		{`server = "imap.example.org:993"`, `server = "imap.example.org"`, `postel.toml:8: imap.server: "imap.example.org" is not a server`},
		{`user = "%s*postel"`, `user = "postel"`, `postel.toml:10: imap.user: "postel" opens no mailbox`},
		{`user = "%s*postel"`, `user = "%s"`, "imap.user"},
		{`folder = "SMS"`, `folder = "S%"`, `postel.toml:11: imap.folder`},
		{`password_file = "/etc/postel/master"`, `password_file = "master"`, "imap.password_file"},
		{`password_file = "/etc/postel/master"`, ``, "imap.password_file: there is no password"},
		{`id = "hosted"`, `id = "a b"`, "mailbox[0].id"},
		{`user = "sms@example.org"`, ``, "mailbox[0].user"},
		{`auth_server = "mx.example.net"`, "auth_server = \"mx.example.net\"\ntls = \"none\"", `mailbox[0].tls: the password and all mail would go over the network in clear`},
		{`auth_server = "mx.example.net"`, "auth_server = \"mx.example.net\"\ntls = \"ssl\"", `"ssl" is not a choice`},
		{`auth_server = "mx.example.net"`, `auth_server = "mx; dmarc=pass"`, "mailbox[0].auth_server"},
		{`auth_server = "mx.example.net"`, `done = "INBOX"`, "mailbox[0].folder: mail would stay in INBOX"},
		{`auth_server = "mx.example.net"`, "[[mailbox]]\nid = \"hosted\"\nserver = \"IMAP.example.net:993\"\nuser = \"sms@example.org\"\npassword_file = \"/x\"", "mailbox[1].folder: a mailbox before this one is the same folder"},
		{`domains = ["example.org"]`, "", "access.domains: nobody may send"},
		{`phone_domains = ["sms.example.org"]`, "", "mailbox[0]: no domain has phones"},
	} {
		if !strings.Contains(mailboxFile, tt.old) {
			t.Fatalf("there is no %q", tt.old)
		}
		_, err := Parse("postel.toml", []byte(strings.Replace(mailboxFile, tt.old, tt.new, 1)), drivers)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v\nwant %q", tt.new, err, tt.want)
		}
	}
}

// TestMailboxGuide: what docs/mailbox.md says to write is a configuration.
func TestMailboxGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/mailbox.md")
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	for i, block := range strings.Split(string(guide), "```toml\n") {
		if i > 0 {
			text, _, _ := strings.Cut(block, "```")
			file.WriteString(text)
		}
	}
	c, err := Parse("mailbox.md", []byte(file.String()), drivers)
	if err != nil {
		t.Fatalf("%v in\n%s", err, file.String())
	}
	if len(c.Mailboxes) != 1 || c.Mail.To != "imap" {
		t.Errorf("%+v", c)
	}
}
