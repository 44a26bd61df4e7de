package smsengine

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestMailboxFoldsTheDomainOnly(t *testing.T) {
	for in, want := range map[string]string{
		"John@Example.ORG":     "mailto:John@example.org",
		"a@b@Example.ORG":      "mailto:a@b@example.org",
		"postmaster":           "mailto:postmaster",
		"Jörg@Bücher.EXAMPLE":  "mailto:Jörg@bücher.example",
		"":                     "",
		"+15551234567@X.Org":   "mailto:+15551234567@x.org",
		"sms:+1555@Sms.Org":    "mailto:sms:+1555@sms.org",
		"Name@":                "mailto:Name@",
		"quoted \"@\"@EXAMPLE": "mailto:quoted \"@\"@example",
	} {
		if got := Mailbox(in).String(); got != want {
			t.Errorf("Mailbox(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestNobody(t *testing.T) {
	if a := Mailbox(""); !a.IsZero() || a.String() != "" {
		t.Errorf("the null sender is %q", a)
	}
	a := Phone("+15555550123")
	if err := a.UnmarshalText(nil); err != nil || !a.IsZero() {
		t.Errorf("%v, %v", a, err)
	}
}

func TestAddressTextIsRefused(t *testing.T) {
	for _, text := range []string{"+15555550123", "sms:", "mailto"} {
		a := Phone("kept")
		if err := a.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %q", text, a)
		}
	}
}

func TestAddressRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Phone(rapid.StringN(1, -1, 40).Draw(t, "value"))
		if rapid.Bool().Draw(t, "mail") {
			a = Mailbox(a.Value)
		}
		data, err := json.Marshal(map[string]Address{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]Address
		if err := json.Unmarshal(data, &back); err != nil || back["a"] != a {
			t.Fatalf("%v: %s became %v, %v", a, data, back["a"], err)
		}
		if Mailbox(Mailbox(a.Value).Value) != Mailbox(a.Value) {
			t.Fatalf("%q is not normalised once and for all", a.Value)
		}
	})
}
