package account

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

func callers(t testing.TB) Callers {
	t.Helper()
	p, err := phone.New(phone.Rules{Domains: []string{"example.org"}, Region: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	return Callers{Number: p.Number, Ours: []smsengine.Address{smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101")}}
}

func TestReadCaller(t *testing.T) {
	c := callers(t)
	for written, want := range map[string]string{
		"+15555550123":      "+15555550123",
		"0015555550123":     "+15555550123",
		"+1 (555) 555-0123": "+15555550123",
		"030 123456":        "+4930123456",
		"72727":             "72727",
		" 123456789012345 ": "123456789012345", // a number at home would be longer than any
		"EXAMPLE":           "EXAMPLE",
		" My Shop ":         "My Shop",
		"A1":                "A1",
		"H&M 100%":          "H&M 100%",
		"Café ÄÖÜß":         "Café ÄÖÜß",
		"15555550123":       "+4915555550123", // as it is dialled at home

		"":                 "!it is empty",
		"  ":               "!it is empty",
		"+":                "!it is empty",
		"1+2":              "!it is empty",
		"1234567890123456": "!a number has at most 15 digits",
		"ABCDEFGHIJKL":     "!a name has at most 11 characters",
		"ABCDEFGHI€":       "ABCDEFGHI€", // 9 and 2
		"ABCDEFGHIJ€":      "!a name has at most 11 characters",
		"Привет":           "!a name is made of",
		"A\nB":             "!a name is made of",
		"A\fB":             "!a name is made of",
		"Bank\u200b":       "!a name is made of",
		"\xff\xfe":         "!a name is made of",
	} {
		got, err := c.Read(written)
		if refused, ok := strings.CutPrefix(want, "!"); ok {
			if err == nil || !strings.HasPrefix(err.Error(), refused) {
				t.Errorf("%q: %q, %v; want %q", written, got, err, refused)
			}
		} else if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", written, got, err, want)
		}
	}
}

func TestMayShow(t *testing.T) {
	c := callers(t)
	for _, x := range []struct {
		sender, allow, asked, want string // want "": refused
	}{
		{"", "own,gateways", "+15555550101", "+15555550101"},
		{"", "own,gateways", "EXAMPLE", ""},
		{"", "own", "+15555550101", ""},
		{"+15555550123", "own,gateways", "+15555550123", "+15555550123"},
		{"+1 555 555 0123", "", "+15555550123", "+15555550123"},
		{"+15555550123", "own,gateways", "+15555550124", ""},
		{"Example", "", "EXAMPLE", "Example"},
		{"+15555550123", "EXAMPLE", "example", "EXAMPLE"},
		{"", "EXAMPLE", "EXAMPLE1", ""},
		{"", "EXAMPLE", "EXAMPL", ""},
		{"", "0015555550124", "+15555550124", "+15555550124"},
		{"", "030/123456", "+4930123456", "+4930123456"},
		{"", "+1555*", "+15555550199", "+15555550199"},
		{"", "+1555*", "+14445550199", ""},
		{"", "+1555*", "15555550199", ""}, // Read has made +1 of what is meant so
		{"", "72727", "72727", "72727"},
		{"", "72727", "+72727", ""},
		{"", "*", "anything", "anything"},
		{"*", "own,gateways", "anything", "anything"},
		{"*", "", "anything", "anything"},
		{"", "", "+15555550100", ""},
	} {
		terms := smsengine.Terms{Sender: x.sender}
		if x.allow != "" {
			terms.SenderAllow = strings.Split(x.allow, ",")
		}
		show, may := c.May(terms, x.asked)
		if may != (x.want != "") || may && show != x.want {
			t.Errorf("sender=%s sender_allow=%s: %q is %q, %v", x.sender, x.allow, x.asked, show, may)
		}
	}
}

func TestCheckCallers(t *testing.T) {
	for _, good := range []smsengine.Policy{
		{Sender: new("")}, {Sender: new("*")}, {Sender: new("H&M")}, {Sender: new("+1 555 555 0123")},
		{SenderAllow: []string{}}, {SenderAllow: []string{"own", "gateways", "+1555*", "EXAMPLE", "030/123456", "*"}},
	} {
		if err := CheckPolicy(good, nil); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []smsengine.Policy{
		{Sender: new("ABCDEFGHIJKL")}, {Sender: new("1234567890123456")}, {Sender: new("Привет")}, {Sender: new("A\r\nB")}, {Sender: new(" ")},
		{SenderAllow: []string{"EXAM*"}}, {SenderAllow: []string{"1555*"}}, {SenderAllow: []string{""}}, {SenderAllow: []string{"ABCDEFGHIJKL"}},
	} {
		if err := CheckPolicy(bad, nil); err == nil {
			t.Errorf("nothing said against %v %v", bad.Sender, bad.SenderAllow)
		}
	}
}

// Nobody shows what is not on the list, in whatever form he writes it.
func TestNobodyShowsAnothersNumber(t *testing.T) {
	c := callers(t)
	terms := smsengine.Terms{Sender: "+15555550123", SenderAllow: []string{"gateways", "EXAMPLE", "+1444*"}}
	rapid.Check(t, func(t *rapid.T) {
		written := rapid.OneOf(rapid.String(), rapid.StringMatching(`(00|\+)1[ -]?(555|444)[ -]?555[ -]?01[02][0-9]`), rapid.SampledFrom([]string{"ExAmPlE", "EXAMPLE "})).Draw(t, "written")
		asked, err := c.Read(written)
		if err != nil {
			return
		}
		if again, err := c.Read(asked); err != nil || again != asked {
			t.Fatalf("%q is %q, and that is %q (%v)", written, asked, again, err)
		}
		show, may := c.May(terms, asked)
		listed := show == "+15555550123" || show == "+15555550100" || show == "+15555550101" || show == "EXAMPLE" || strings.HasPrefix(show, "+1444")
		if may && !listed {
			t.Fatalf("%q shows %q", written, show)
		}
	})
}

func FuzzReadCaller(f *testing.F) {
	for _, s := range []string{"+15555550123", "EXAMPLE", "030 123456", "1+", "(", "A\x00", "00", "€€€€€€"} {
		f.Add(s)
	}
	c := callers(f)
	f.Fuzz(func(t *testing.T, s string) {
		read, err := c.Read(s)
		if err == nil && (read == "" || len(read) > 1+4*maxCallerDigits || strings.ContainsAny(read, "\r\n\x00")) {
			t.Fatalf("%q is read as %q", s, read)
		}
	})
}
