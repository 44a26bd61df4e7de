package testbed_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/contrib/lists"
	"github.com/postel-mail/postel/internal/testbed"
)

const member = "sms:+15551234567?user=smsalerts&pass=alertPwd@example.org"

// Every line of contrib/lists arrives at Postel as it was meant.
func TestContribLists(t *testing.T) {
	const (
		withKey  = "+15551234567?key=dq3m8v0s2k7xw9h4c1n6b5rfta@sms.example.org"
		teamKey  = "+15551234568?key=s0w2z7m4q9k1v6x3h8c5n0b2ra@sms.example.org"
		password = "sms:+15551234567?user=smsalerts&pass=alertpwd@example.org"
		night    = "sms:+15551234568?user=smsalerts&pass=alertpwd@example.org"
	)
	arrives(t, testbed.Options{
		Aliases: contrib(t, "aliases"), Includes: map[string]string{"duty": contrib(t, "duty")}, Virtual: contrib(t, "virtual"),
	}, map[string][]string{
		"oncall": {withKey}, "pager": {password}, "team": {teamKey}, "duty": {withKey, night},
		"alert": {withKey}, "alarm": {password},
	})
}

// Other ways to write the same that work, too: with the quotes left out, in
// angle brackets, with a user name that is an address.
func TestOtherQuoting(t *testing.T) {
	arrives(t, testbed.Options{
		Aliases: `a0: sms:+15551234567?user=smsalerts&pass=alertPwd@example.org
a1: <"sms:+15551234567?user=smsalerts&pass=alertPwd"@example.org>
a2: :include:/etc/lists/a2
a3: "sms:+15551234567?user=john=40example.com&pass=alertPwd"@example.org
a4: +15551234567?user=smsalerts&pass=alertPwd@sms.example.org
a5: SMS=+15551234567?user=smsalerts&pass=alertPwd@example.org
`,
		Includes: map[string]string{"a2": "sms:+15551234567?user=smsalerts&pass=alertPwd@example.org\n"},
		Virtual:  "v0@example.org sms:+15551234567?user=smsalerts&pass=alertPwd@example.org\n",
	}, map[string][]string{
		"a0": {member}, "a1": {member}, "a2": {member}, "v0": {member},
		"a3": {"sms:+15551234567?user=john=40example.com&pass=alertPwd@example.org"},
		"a4": {"+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
		"a5": {"SMS=+15551234567?user=smsalerts&pass=alertPwd@example.org"},
	})
}

// arrives writes to each name, and looks what reaches Postel.
func arrives(t *testing.T, o testbed.Options, names map[string][]string) {
	t.Helper()
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(o)
	postel := listen(t, p.PostelDir())
	for name, want := range names {
		p.Submit(testbed.John, []string{name + "@example.org"}, []byte(hello))
		var got []string
		for range want {
			got = append(got, postel.next(t))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("of %s there reaches Postel %q, want %q", name, got, want)
		}
	}
	p.WaitQueue(0)
}

func contrib(t *testing.T, name string) string {
	t.Helper()
	b, err := lists.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
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

// Mailman 3 takes no quotes in an address, takes "sms:" for the name of a group,
// and delivers to addresses in lower case: a key in the phone domain, and SMS=,
// are what remains.
func TestMailmanMembers(t *testing.T) {
	const (
		withKey = "+15551234569?key=dq3m8v0s2k7xw9h4c1n6b5rfta@sms.example.org"
		rfc3192 = "SMS=+15551234568?user=smsalerts&pass=alertPwd@example.org"
		quoted  = `"sms:+15551234560?user=smsalerts&pass=alertPwd"@example.org`
	)
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.Mary)
	m := h.StartMailman("alerts")
	p := h.StartPostfix(testbed.Options{})
	refused := m.Add("mary@example.org", withKey, rfc3192, member, quoted)
	members := m.Members()
	for _, want := range []string{withKey, rfc3192, strings.TrimPrefix(member, "sms:")} {
		if !slices.Contains(members, want) {
			t.Errorf("the list has %q, not %s", members, want)
		}
	}
	if !strings.Contains(refused, quoted) {
		t.Errorf("mailman refused %q, not %s", refused, quoted)
	}
	postel := listen(t, p.PostelDir())
	p.Submit(testbed.Mary, []string{"alerts@example.org"}, []byte(strings.Replace(hello, "mary@", "alerts@", 1)))
	d.WaitInbox(testbed.Mary, 1)
	got := []string{postel.next(t), postel.next(t)}
	slices.Sort(got)
	if want := []string{withKey, strings.ToLower(rfc3192)}; !slices.Equal(got, want) {
		t.Errorf("Postel gets %q, want %q", got, want)
	}
	p.WaitLog(`from=<alerts-bounces@example\.org>, .*nrcpt=3`)
}
