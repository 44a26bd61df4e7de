package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// What policyWords writes, setPolicy reads back, whatever a policy says.
func TestPoliciesAreReadBack(t *testing.T) {
	maybe := func(t *rapid.T, name string) bool { return rapid.Bool().Draw(t, name) }
	rapid.Check(t, func(t *rapid.T) {
		var want smsengine.Policy
		if maybe(t, "send") {
			want.Send = new(rapid.Bool().Draw(t, "yes"))
		}
		for name, field := range map[string]**int{"limit": &want.MonthlyLimit, "parts": &want.MaxParts, "burst": &want.UnusualBurst} {
			if maybe(t, name) {
				*field = new(rapid.IntRange(-5, 1000).Draw(t, name))
			}
		}
		if maybe(t, "unit") {
			want.LimitUnit = new(smsengine.CountMessages)
		}
		if maybe(t, "rate") {
			want.Rate = new(rapid.SampledFrom([]smsengine.Rate{{}, {Parts: 5, Every: time.Minute}, {Parts: 100, Every: 90 * time.Second}, {Parts: 1, Every: 24 * time.Hour}}).Draw(t, "rate"))
		}
		for name, field := range map[string]*[]string{"allow": &want.Allow, "deny": &want.Deny} {
			if maybe(t, name) {
				*field = rapid.SliceOfN(rapid.StringMatching(`\+[0-9]{1,5}|home|\*|premium`), 0, 4).Draw(t, name)
			}
		}
		for name, field := range map[string]**string{"gateway": &want.Gateway, "sender": &want.Sender, "senders": &want.Senders} {
			if maybe(t, name) {
				*field = new(rapid.SampledFrom([]string{"", "office", "+15555550100", "*", "a=b"}).Draw(t, name))
			}
		}
		if maybe(t, "expires") {
			want.Expires = new(rapid.SampledFrom([]smsengine.Date{"", "2027-01-31"}).Draw(t, "expires"))
		}
		words := policyWords(want)
		var got smsengine.Policy
		if _, err := setPolicy(&got, words); err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %q", words, policyWords(got))
		}
		for _, key := range policyKeys() {
			if _, err := setPolicy(&got, []string{key + "="}); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got, smsengine.Policy{}) {
			t.Fatalf("emptied, it still says %q", policyWords(got))
		}
	})
}

// The keys are those of postel.toml and of postel account explain, in one order.
func TestPolicyKeys(t *testing.T) {
	var explained []string
	d := account.Decider{}
	for _, term := range d.Explain(nil, "john@example.org", time.Now()).Terms {
		explained = append(explained, term.Key)
	}
	if got := policyKeys(); !slices.Equal(got, explained) {
		t.Errorf("keys are %q, explained are %q", got, explained)
	}
}

// Whatever stands in arguments, it is read or refused in words, and a password
// is not repeated.
func FuzzPolicyArguments(f *testing.F) {
	for _, seed := range []string{"monthly_limit=5", "allow=home,+44", "deny=", "rate=none", "expires=2027-01-31", "password=secret", "x", "=", "send=true\x00", "gateway=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		var p smsengine.Policy
		named, err := setPolicy(&p, []string{arg})
		if err != nil && err.Error() == "" || err == nil && len(named) != 1 {
			t.Errorf("%q: %q, %v", arg, named, err)
		}
		if value, secret := strings.CutPrefix(arg, "password="); secret && len(value) > 20 && strings.Contains(err.Error(), value) {
			t.Errorf("%q: %v", arg, err)
		}
	})
}
