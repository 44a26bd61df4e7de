package testbed_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

const member = "sms:+15551234567?user=smsalerts&pass=alertPwd@example.org"

// Every way to write a phone member with credentials that contrib/lists shows
// arrives at Postel as it was meant.
func TestAliasMembers(t *testing.T) {
	aliases := []struct{ line, want string }{
		{`a0: "sms:+15551234567?user=smsalerts&pass=alertPwd"@example.org`, member},
		{`a1: sms:+15551234567?user=smsalerts&pass=alertPwd@example.org`, member},
		{`a2: <"sms:+15551234567?user=smsalerts&pass=alertPwd"@example.org>`, member},
		{`a3: "sms:+15551234567?key=K7dj3-Qx"@example.org`, "sms:+15551234567?key=K7dj3-Qx@example.org"},
		{`a4: :include:/etc/lists/a4`, member},
		{`a5: :include:/etc/lists/a5`, member},
		{`a6: :include:/etc/lists/a6`, member},
		{`a7: "sms:+15551234567?user=john=40example.com&pass=alertPwd"@example.org`, "sms:+15551234567?user=john=40example.com&pass=alertPwd@example.org"},
		{`a8: "+15551234567?user=smsalerts&pass=alertPwd"@sms.example.org`, "+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
		{`a9: +15551234567?user=smsalerts&pass=alertPwd@sms.example.org`, "+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
	}
	includes := map[string]string{
		"a4": "# who is on call\n\"sms:+15551234567?user=smsalerts&pass=alertPwd\"@example.org\n",
		"a5": "sms:+15551234567?user=smsalerts&pass=alertPwd@example.org\n",
		"a6": "On call <\"sms:+15551234567?user=smsalerts&pass=alertPwd\"@example.org>\n",
	}
	var lines strings.Builder
	for _, a := range aliases {
		lines.WriteString(a.line + "\n")
	}
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{Aliases: lines.String(), Includes: includes,
		Virtual: "v0@example.org \"sms:+15551234567?user=smsalerts&pass=alertPwd\"@example.org\nv1@example.org sms:+15551234567?user=smsalerts&pass=alertPwd@example.org\n"})
	postel := listen(t, p.PostelDir())
	for i, a := range aliases {
		name, _, _ := strings.Cut(a.line, ":")
		p.Submit(testbed.John, []string{name + "@example.org"}, []byte(hello))
		if got := postel.next(t); got != a.want {
			t.Errorf("%d. %s reaches Postel as %s", i, a.line, got)
		}
	}
	for _, v := range []string{"v0@example.org", "v1@example.org"} {
		p.Submit(testbed.John, []string{v}, []byte(hello))
		if got := postel.next(t); got != member {
			t.Errorf("%s reaches Postel as %s", v, got)
		}
	}
	p.WaitQueue(0)
}

// mlmmj hands each member a mail of its own, from a bounce address that has the
// member's in it, password and all; and what subscribes by mlmmj is in lower case.
func TestMlmmjMembers(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{Lists: []testbed.List{{Name: "alerts", Members: []string{"mary@example.org", member}}}})
	postel := listen(t, p.PostelDir())
	const other = "sms:+15551234568?user=smsalerts&pass=alertPwd@example.org"
	if all := p.Subscribe("alerts", other); !slices.Contains(all, strings.ToLower(other)) || slices.Contains(all, other) {
		t.Errorf("the list has %q", all)
	}
	p.Submit(testbed.John, []string{"alerts@example.org"}, []byte(strings.Replace(hello, "mary@", "alerts@", 1)))
	d.WaitInbox(testbed.Mary, 1)
	got := []string{postel.next(t), postel.next(t)}
	slices.Sort(got)
	if want := []string{member, strings.ToLower(other)}; !slices.Equal(got, want) {
		t.Errorf("Postel gets %q, want %q", got, want)
	}
	p.WaitLog(`from=<"alerts\+bounces-\d+-sms:\+15551234567\?user=smsalerts&pass=alertPwd=example\.org"@example\.org>`)
}
