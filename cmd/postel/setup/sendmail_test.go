package setup

import (
	"strings"
	"testing"
)

// The lines of contrib/sendmail fit Unix and TCP sockets.
func TestSendmailSockets(t *testing.T) {
	for name, c := range map[string]struct {
		w    Wanted
		want []string
	}{
		"as they are": {Wanted{Milter: "unix:/run/postel/milter", Policy: "unix:/run/postel/policy", LMTP: "unix:/run/postel/lmtp"},
			[]string{"S=unix:/run/postel/milter,", "A=FILE "}},
		"elsewhere": {Wanted{Milter: "unix:/srv/m", Policy: "unix:/srv/p", LMTP: "unix:/srv/l"},
			[]string{"S=unix:/srv/m,", "A=FILE ", "sms.example.org\tpostel:/srv/l"}},
		"over TCP": {Wanted{Milter: "inet:127.0.0.1:10026", Policy: "inet:127.0.0.1:10027", LMTP: "inet:127.0.0.1:10024"},
			[]string{"S=inet:10026@127.0.0.1,", "A=TCP $h 10024", "sms.example.org\tpostel:[127.0.0.1]"}},
	} {
		var all strings.Builder
		for _, file := range []string{"postel.m4", "mailertable"} {
			text, err := c.w.sendmailFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(text)
		}
		for _, want := range c.want {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, all.String())
			}
		}
	}
}
