package phone

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// The quick way over plans must say what the library says, or leave the question to it.
func TestPossibleAgreesWithLibrary(t *testing.T) {
	quick, codes := 0, slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes()))
	codes = append(codes, 0, 99, 999)
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom(codes).Draw(t, "code")
		trunk := rapid.SampledFrom([]string{"", "", "0", "1", "8", "06", "01", "15", "180020"}).Draw(t, "trunk")
		digits := strconv.Itoa(code) + trunk + rapid.StringMatching(`[0-9]{3,13}`).Draw(t, "digits")
		if !possible(digits) {
			return
		}
		quick++
		parsed, err := phonenumbers.Parse("+"+digits, "")
		if err != nil {
			t.Fatalf("+%s: the library says %v", digits, err)
		}
		if why := phonenumbers.IsPossibleNumberWithReason(parsed); why != phonenumbers.IS_POSSIBLE {
			t.Fatalf("+%s: the library says %v", digits, why)
		}
		if got := phonenumbers.Format(parsed, phonenumbers.E164); got != "+"+digits {
			t.Fatalf("+%s: the library makes it %s", digits, got)
		}
	})
	if quick == 0 {
		t.Error("nothing went the quick way")
	}
}

func TestParseNumber(t *testing.T) {
	for _, c := range []struct{ number, region, want string }{
		{"+1 (555) 123-4567", "", "+15551234567"},
		{"07700 900123", "GB", "+447700900123"},
		{"0171 1234567", "DE", "+491711234567"},
		{"8 912 345-67-89", "RU", "+79123456789"},
		{"06 1234 5678", "IT", "+390612345678"},
		{"+49 0151 12345678", "", "+4915112345678"},
		{"+88216 12345678", "", "+8821612345678"},
		{"07700 900123", "", ""},
		{"123-4567", "US", ""},
		{"+15551234567 x12", "US", ""},
		{"15551234567;ext=12", "US", ""},
		{"", "US", ""},
		{"+", "US", ""},
		{"٥٥٥١٢٣٤٥٦٧", "US", ""},
	} {
		got, err := ParseNumber(c.number, c.region)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s in %q: %q, %v", c.number, c.region, got, err)
		}
	}
	if number, short, err := site(t).Number("12-345"); number != "12345" || !short || err != nil {
		t.Errorf("short code: %q %v %v", number, short, err)
	}
	if number, short, err := site(t).Number("+12345"); err == nil {
		t.Errorf("+12345 is no short code, but %q %v", number, short)
	}
}
