package lmtp

import (
	"testing"

	"pgregory.net/rapid"
)

func TestRepair(t *testing.T) {
	for _, c := range []struct{ line, want, path string }{
		// What Postfix sends stays.
		{`RCPT TO:<"sms:+15551234567"@example.org> NOTIFY=NEVER`, `RCPT TO:<"sms:+15551234567"@example.org> NOTIFY=NEVER`, `"sms:+15551234567"@example.org`},
		{`RCPT TO:<+15551234567@sms.example.org>`, `RCPT TO:<+15551234567@sms.example.org>`, `+15551234567@sms.example.org`},
		{`MAIL FROM:<> SIZE=10`, `MAIL FROM:<> SIZE=10`, ``},
		// Sendmail, Claws, mutt: not quoted.
		{`RCPT To:<sms:+15551234567@example.org>`, `RCPT To:<"sms:+15551234567"@example.org>`, `sms:+15551234567@example.org`},
		{`rcpt to: < sms:+15551234567?maxmsgs=3@example.org >`, `rcpt to:<"sms:+15551234567?maxmsgs=3"@example.org>`, ` sms:+15551234567?maxmsgs=3@example.org `},
		{`RCPT TO:<+1 123-4567@sms.example.org>`, `RCPT TO:<"+1 123-4567"@sms.example.org>`, `+1 123-4567@sms.example.org`},
		{`RCPT TO:<sms:+1@x; sms:+2@example.org>`, `RCPT TO:<"sms:+1@x; sms:+2"@example.org>`, `sms:+1@x; sms:+2@example.org`},
		{`RCPT TO:<a"b\c:@example.org>`, `RCPT TO:<"a\"b\\c:"@example.org>`, `a"b\c:@example.org`},
		{`RCPT TO:sms:+15551234567@example.org NOTIFY=NEVER`, `RCPT TO:<"sms:+15551234567"@example.org> NOTIFY=NEVER`, `sms:+15551234567@example.org`},
		{`MAIL FROM:<list-bounces+"sms:+1"=d@example.org>`, `MAIL FROM:<"list-bounces+\"sms:+1\"=d"@example.org>`, `list-bounces+"sms:+1"=d@example.org`},
		// Evolution, and a source route.
		{`RCPT TO:<"\"sms:+1\""@example.org>`, `RCPT TO:<"\"sms:+1\""@example.org>`, `"\"sms:+1\""@example.org`},
		{`RCPT TO:<"sms:+1" @example.org>`, `RCPT TO:<"sms:+1"@example.org>`, `"sms:+1" @example.org`},
		{`RCPT TO:<@a.test,@b.test:sms:+1@example.org>`, `RCPT TO:<"sms:+1"@example.org>`, `@a.test,@b.test:sms:+1@example.org`},
		{`RCPT TO:<"a>b@c"@example.org> X=1`, `RCPT TO:<"a>b@c"@example.org> X=1`, `"a>b@c"@example.org`},
		// ORCPT beyond US-ASCII.
		{`RCPT TO:<x@d> ORCPT=rfc822;J+C3+BCrgen+40d NOTIFY=NEVER`, `RCPT TO:<x@d> ORCPT=utf-8;J\x{FC}rgen@d NOTIFY=NEVER`, `x@d`},
		{`RCPT TO:<x@d> orcpt=rfc822;jürgen@d`, `RCPT TO:<x@d> ORCPT=utf-8;j\x{FC}rgen@d`, `x@d`},
		{`RCPT TO:<x@d> ORCPT=rfc822;SMS=+1 NOTIFY=NEVER`, `RCPT TO:<x@d> ORCPT=rfc822;SMS+3D+2B1 NOTIFY=NEVER`, `x@d`},
		{`RCPT TO:<x@d> ORCPT=utf-8;\x{1F600}+1@d`, `RCPT TO:<x@d> ORCPT=utf-8;\x{1F600}\x{2B}1@d`, `x@d`},
		{`RCPT TO:<x@d> ORCPT=rfc822;a+FFb`, `RCPT TO:<x@d> ORCPT=utf-8;a\x{FFFD}b`, `x@d`},
		{`RCPT TO:<x@d> ORCPT=x400;a NOTIFY=NEVER`, `RCPT TO:<x@d> NOTIFY=NEVER`, `x@d`},
		{`RCPT TO:<x@d> ORCPT=rfc822;a+0D+0Ab`, `RCPT TO:<x@d>`, `x@d`},
		// Not to be understood: left to be refused.
		{`RCPT TO:<"sms:+1@example.org`, `RCPT TO:<"sms:+1@example.org`, ``},
		{`RCPT TO`, `RCPT TO`, ``},
		{`RCPT TO:`, `RCPT TO:`, ``},
		{`RCPT TO:<x@d> ORCPT=nonsense`, `RCPT TO:<x@d> ORCPT=nonsense`, `x@d`},
		{`RCPT TO:<sms:+15551234567>`, `RCPT TO:<sms:+15551234567>`, `sms:+15551234567`},
	} {
		got, path, _ := repair(c.line + "\r\n")
		if got != c.want+"\r\n" {
			t.Errorf("%s\nbecame %swant   %s", c.line, got, c.want)
		}
		if path != c.path {
			t.Errorf("%s: path is %q, want %q", c.line, path, c.path)
		}
		if again, _, _ := repair(got); again != got {
			t.Errorf("%s becomes %s", got, again)
		}
	}
}

// Whatever stands in an unquoted local part, go-smtp reads it as it is.
func TestOddPathsAreRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		local := rapid.StringMatching(`[^\r\n"<>\t @][^\r\n"<>]*[^\r\n"<>\t ]`).Draw(rt, "local")
		c := converse(t, []byte("LHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT To:<"+local+"@example.org> NOTIFY=NEVER\r\n"), 0)
		if want := local + "@example.org"; len(c.rcpts) != 1 || c.rcpts[0] != want {
			rt.Fatalf("got %q, want %q", c.rcpts, want)
		}
	})
}

// A report names the recipient as its sender did, whatever kind of address that
// was.
func TestRepairTellsORCPT(t *testing.T) {
	for params, want := range map[string]string{
		"":                                  "",
		" NOTIFY=NEVER":                     "",
		" ORCPT=rfc822;boss+40example.org":  "rfc822;boss@example.org",
		" orcpt=RFC822;J+C3+BCrgen@d X=1":   "utf-8;Jürgen@d",
		` ORCPT=utf-8;j\x{FC}rgen@d`:        "utf-8;jürgen@d",
		" ORCPT=x400;/S=+20John NOTIFY=ANY": "x400;/S= John",
		" ORCPT=nonsense":                   "",
	} {
		if _, _, got := repair("RCPT TO:<x@d>" + params + "\r\n"); got != want {
			t.Errorf("%s: got %q, want %q", params, got, want)
		}
	}
}
