package icewarp

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/phone"
)

func office(id string) bool { return id == "office" }

func TestLine(t *testing.T) {
	last := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		line string
		want Record
		pass string
	}{
		{"alerts:alertpwd:office:Monitoring:100:7:1795168800:30:46387:0",
			Record{User: "alerts", Gateway: "office", Description: "Monitoring", Limit: 100, Sent: 7, LastSent: last, Previous: 30, Expires: "2026-12-31"}, "alertpwd"},
		{"alerts:::::::::", Record{User: "alerts"}, ""},
		{"alerts:", Record{User: "alerts"}, ""},
		{"::office::5", Record{Gateway: "office", Limit: 5}, ""},
		{"alerts:x::Night:5:0:0:0:0:1", Record{User: "alerts", Description: "Night", Limit: 5, Inactive: true}, "x"},
		// Colons in the description, in the password, and in both.
		{"alerts:x:office:Ops: night: all:5:0:0:0:0:0", Record{User: "alerts", Gateway: "office", Description: "Ops: night: all", Limit: 5}, "x"},
		{"alerts:x::at 10:00:5:0:0:0:0:0", Record{User: "alerts", Description: "at 10:00", Limit: 5}, "x"},
		{"alerts:a:b:c:office:Ops:5:0:0:0:0:0", Record{User: "alerts", Gateway: "office", Description: "Ops", Limit: 5}, "a:b:c"},
		{"alerts:a:b:office:Ops: night:5:0:0:0:0:0", Record{User: "alerts", Gateway: "office", Description: "Ops: night", Limit: 5}, "a:b"},
		// Days with a time of day, before there were days, and with stray spaces.
		{"alerts:x:::0:0:0:0:1.75:0", Record{User: "alerts", Expires: "1899-12-31"}, "x"},
		{"alerts:x:::0:0:0:0:46387,5:0", Record{User: "alerts", Expires: "2026-12-31"}, "x"},
		{"alerts:x:::0:0:0:0:-1:0", Record{User: "alerts"}, "x"},
		{" alerts : x : office : d : 5 : 0 : 0 : 0 : 2958465 : 0 ", Record{User: "alerts", Gateway: "office", Description: "d", Limit: 5, Expires: "9999-12-31"}, " x "},
	}
	for _, tt := range tests {
		got, err := parseLine(tt.line, office)
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if got.Password.Reveal() != tt.pass {
			t.Errorf("%q: the password is %q", tt.line, got.Password.Reveal())
		}
		got.Password = phone.Secret{}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q:\n got %+v\nwant %+v", tt.line, got, tt.want)
		}
	}
}

func TestBadLines(t *testing.T) {
	for line, want := range map[string]string{
		"alerts":                                  "the line has no colons",
		"alerts:x:office:d:many":                  "maxsend is not a number",
		"alerts:x:office:Ops: night:5":            "maxsend is not a number",
		"alerts:x:office:d:-5":                    "maxsend is less than nothing",
		"alerts:x:office:d:99999999999":           "more than can be",
		"alerts:x:office:d:5:0:0:0:2958466":       "expire is no day",
		"alerts:x:office:d:5:0:0:0:0:2":           "inactive is neither 0 nor 1",
		"alerts:a:b:nowhere:Ops:5:0:0:0:0:0":      "no field is the name of a gateway",
		"alerts:a::office:Ops: night:5:0:0:0:0:0": "cannot be told where the password ends",
		"al\x00erts:x:::5":                        "user has control characters",
		"alerts:" + strings.Repeat("x", 5000):     "the line has 5007 octets",
	} {
		r, err := parseLine(line, office)
		if err == nil || !strings.Contains(err.Error(), want) || err.remedy == "" {
			t.Errorf("%.60q: %+v, %v", line, r, err)
		}
	}
}

func TestDelphiDate(t *testing.T) {
	for days, want := range map[int64]string{1: "1899-12-31", 2: "1900-01-01", 25569: "1970-01-01", 36526: "2000-01-01", 46349: "2026-11-23"} {
		if got, ok := delphiDate(days); !ok || string(got) != want {
			t.Errorf("day %d is %s, want %s", days, got, want)
		}
	}
}

// A line that is written by the format, with any password and description, is
// read back; or it is refused, if colons make it ambiguous.
func TestLinesAreReadBack(t *testing.T) {
	field := rapid.StringMatching(`[ -~]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		want := Record{
			User: rapid.StringMatching(`[a-z][a-z0-9.]{0,8}`).Draw(t, "user"), Description: strings.TrimSpace(field.Draw(t, "description")),
			Gateway: rapid.SampledFrom([]string{"", "office"}).Draw(t, "gateway"),
			Limit:   rapid.IntRange(0, 1e6).Draw(t, "limit"), Sent: rapid.IntRange(0, 1e6).Draw(t, "sent"), Previous: rapid.IntRange(0, 1e6).Draw(t, "previous"),
			Inactive: rapid.Bool().Draw(t, "inactive"),
		}
		password := field.Draw(t, "password")
		line := fmt.Sprintf("%s:%s:%s:%s:%d:%d:0:%d:0:%d", want.User, password, want.Gateway, want.Description, want.Limit, want.Sent, want.Previous, map[bool]int{true: 1}[want.Inactive])
		got, err := parseLine(line, office)
		if err != nil {
			if !strings.ContainsAny(password+want.Description, ":") {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		if got.Password.Reveal() != password {
			t.Fatalf("%q: the password is %q", line, got.Password.Reveal())
		}
		got.Password = phone.Secret{}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %+v\nwant %+v", line, got, want)
		}
	})
}

func TestUnreadablePasswords(t *testing.T) {
	for password, want := range map[string]bool{
		"alertpwd": false, "123": false, "pass word": false, "Pässwort": false, "$money$": false, "deadbeef": false, "trustno1==": false,
		"{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=": true, "$argon2id$v=19$m=19456": true, "$1$abcdefgh$ijkl": true,
		"5f4dcc3b5aa765d61d8327deb882cf99": true, "W6ph5Mm5Pz8GgiULbPgzG37mj9g=": true, "\x01\x02\x03": true, "a\uFFFDb": true, strings.Repeat("x", 129): true,
	} {
		if unreadable(password) != want {
			t.Errorf("%q: %v", password, !want)
		}
	}
}
