package sms

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/warthog618/sms/encoding/gsm7/charset"
)

// The tables must be those of the field's other implementation, but for its mistakes: where it differs from 3GPP
// TS 23.038 v18.0.0 the standard holds. A difference that goes away with a new version of it fails here too.
func TestTablesAgreeWithWarthog(t *testing.T) {
	want := []string{
		"hindi locking 00: U+0901 here, U+0981 there", // §A.3.6: Devanagari, there Bengali
		"hindi locking 01: U+0902 here, U+0982 there",
		"hindi locking 02: U+0903 here, U+0983 there",
		"portuguese single 1f: U+00CA here, U+0000 there", // §A.2.3: Ê
		"turkish single 0d: U+0000 here, U+000A there",    // §A.2.1 to §A.2.3: a control character, no line end
		"spanish single 0d: U+0000 here, U+000A there",
		"portuguese single 0d: U+0000 here, U+000A there",
	}
	var got []string
	for _, l := range Languages() {
		compare := func(kind string, here *page, there charset.Decoder) {
			for code, r := range here {
				other := there[byte(code)]
				if other == escape || code == 0x0d && other == '\r' {
					other = r
				}
				if r != other {
					got = append(got, fmt.Sprintf("%s %s %02x: U+%04X here, U+%04X there", l, kind, code, r, other))
				}
			}
		}
		compare("locking", lockingPage(l), charset.NewDecoder(int(l)))
		compare("single", singlePage(l), charset.NewExtDecoder(int(l)))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("differences:\n%s", strings.Join(got, "\n"))
	}
}

// Checked by hand against Annex A: the ends of each table, and what is easily taken for something else.
func TestTables(t *testing.T) {
	for _, c := range []struct {
		language Language
		locking  bool
		code     byte
		want     rune
	}{
		{Turkish, true, 0x04, '€'}, {Turkish, true, 0x07, 'ı'}, {Turkish, true, 0x40, 'İ'}, {Turkish, true, 0x60, 'ç'},
		{Turkish, false, 0x69, 'ı'}, {Turkish, false, 0x49, 'İ'}, {Turkish, false, 0x73, 'ş'},
		{Spanish, true, 0x09, 'Ç'}, {Spanish, false, 0x09, 'ç'}, {Spanish, false, 0x75, 'ú'}, {Spanish, false, 0x65, '€'},
		{Portuguese, true, 0x12, 'ª'}, {Portuguese, true, 0x15, '∞'}, {Portuguese, true, 0x18, '€'}, {Portuguese, true, 0x7d, '`'},
		{Portuguese, false, 0x1f, 'Ê'}, {Portuguese, false, 0x7f, 'â'},
		{Bengali, true, 0x00, '\u0981'}, {Bengali, true, 0x60, '\u09ce'}, {Bengali, true, 0x7f, '\u09f1'}, {Bengali, false, 0x19, '\u09e6'},
		{Hindi, true, 0x00, '\u0901'}, {Hindi, true, 0x7f, '\u097f'}, {Hindi, false, 0x3a, '\u0971'}, {Hindi, false, 0x41, 'A'},
		{Gujarati, true, 0x7f, '\u0af1'}, {Kannada, true, 0x00, 0}, {Malayalam, true, 0x7f, '\u0d79'}, {Oriya, true, 0x60, '\u0b56'},
		{Punjabi, true, 0x7b, '\u0a70'}, {Punjabi, false, 0x2d, '\u0a75'}, {Tamil, true, 0x7f, '\u0bf9'}, {Tamil, false, 0x2e, '\u0bfa'},
		{Telugu, false, 0x19, 0}, {Telugu, false, 0x1c, '\u0c66'}, {Telugu, false, 0x32, '\u0c7f'},
		{Urdu, true, 0x00, '\u0627'}, {Urdu, true, 0x7f, '\u0670'}, {Urdu, false, 0x3f, '\u06d4'},
	} {
		p := singlePage(c.language)
		if c.locking {
			p = lockingPage(c.language)
		}
		if p[c.code] != c.want {
			t.Errorf("%s, locking %v, %02x: U+%04X, want U+%04X", c.language, c.locking, c.code, p[c.code], c.want)
		}
	}
	for _, l := range Languages() {
		for code, r := range lockingPage(l) {
			if r == free || singlePage(l)[code] == free {
				t.Errorf("%s %02x was left free", l, code)
			}
			if r == void || r == '*' {
				if l > Portuguese {
					t.Errorf("%s %02x is %c, which only the single shift table has", l, code, r)
				}
			}
		}
	}
	if p := lockingPage(99); p != defaultPage {
		t.Error("a table that is not known is not the default alphabet")
	}
}

func TestParseLanguage(t *testing.T) {
	for _, l := range Languages() {
		for _, name := range []string{l.String(), strings.ToUpper(l.String())} {
			if got, err := ParseLanguage(name); err != nil || got != l {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
	for _, bad := range []string{"", "english", "tr", "turkish ", "language(14)"} {
		if got, err := ParseLanguage(bad); err == nil || got != NoLanguage || !strings.Contains(err.Error(), "turkish, spanish") {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	got, err := ParseLanguages([]string{"hindi", "turkish", "Hindi"})
	if err != nil || !slices.Equal(got, []Language{Hindi, Turkish}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = ParseLanguages([]string{"hindi", "all"}); err != nil || len(got) != 13 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err = ParseLanguages([]string{"hindi", "klingon"}); err == nil {
		t.Error("klingon has no table")
	}
	if int(Urdu) != 13 || Language(14).String() != "language(14)" {
		t.Errorf("identifiers are not those of 3GPP TS 23.038 §6.2.1.2.4")
	}
}

func TestNationalParts(t *testing.T) {
	x := strings.Repeat
	all := Languages()
	for _, c := range []struct {
		name, text string
		languages  []Language
		ref16      bool
		want       Size
		udh        []byte // of the first part, the reference being 7
	}{
		{"nothing allowed", "ş", nil, false, Size{UCS2, 1, 1, 0, 0}, nil},
		{"another is allowed", "ş", []Language{Spanish}, false, Size{UCS2, 1, 1, 0, 0}, nil},
		{"the default alphabet has it", "é", all, false, Size{GSM7, 1, 1, 0, 0}, nil},
		{"single shift", "aş", all, false, Size{GSM7, 3, 1, Turkish, SingleShift}, []byte{3, 0x24, 1, 1}},
		{"a full part", x("a", 153) + "ş", all, false, Size{GSM7, 155, 1, Turkish, SingleShift}, []byte{3, 0x24, 1, 1}},
		{"the locking table saves a part", x("a", 154) + "ş", all, false, Size{GSM7, 155, 1, Turkish, LockingShift}, []byte{3, 0x25, 1, 1}},
		{"one more", x("a", 155) + "ş", all, false, Size{GSM7, 157, 2, Turkish, SingleShift}, []byte{8, 0x24, 1, 1, 0, 3, 7, 2, 1}},
		{"two full parts", x("a", 296) + "ş", all, false, Size{GSM7, 298, 2, Turkish, SingleShift}, []byte{8, 0x24, 1, 1, 0, 3, 7, 2, 1}},
		{"16-bit references", x("a", 294) + "ş", all, true, Size{GSM7, 296, 2, Turkish, SingleShift}, []byte{9, 0x24, 1, 1, 8, 4, 0, 7, 2, 1}},
		{"and over", x("a", 296) + "ş", all, true, Size{GSM7, 298, 3, Turkish, SingleShift}, []byte{9, 0x24, 1, 1, 8, 4, 0, 7, 3, 1}},
		{"only the locking table has it", "ı", []Language{Turkish}, false, Size{GSM7, 2, 1, Turkish, SingleShift}, []byte{3, 0x24, 1, 1}},
		{"Spanish has one table", x("á", 77), all, false, Size{GSM7, 154, 1, Spanish, SingleShift}, []byte{3, 0x24, 1, 2}},
		{"Portuguese, many accents", x("ã", 155), all, false, Size{GSM7, 155, 1, Portuguese, LockingShift}, []byte{3, 0x25, 1, 3}},
		{"letters of one language only", "ãş", all, false, Size{UCS2, 2, 1, 0, 0}, nil},
		{"many euros", x("€", 155), []Language{Turkish}, false, Size{GSM7, 155, 1, Turkish, LockingShift}, []byte{3, 0x25, 1, 1}},
		{"euros that fit", x("€", 80), []Language{Turkish}, false, Size{GSM7, 160, 1, 0, 0}, nil},
		{"Hindi", "नमस्ते", all, false, Size{GSM7, 6, 1, Hindi, LockingShift}, []byte{3, 0x25, 1, 6}},
		{"Hindi with digits and capitals", "नमस्ते १ ABC", all, false, Size{GSM7, 16, 1, Hindi, SingleLocking}, []byte{6, 0x24, 1, 6, 0x25, 1, 6}},
		{"Hindi, a full part", "१" + x("न", 150), all, false, Size{GSM7, 152, 1, Hindi, SingleLocking}, []byte{6, 0x24, 1, 6, 0x25, 1, 6}},
		{"Hindi, full parts", "१" + x("न", 290), all, false, Size{GSM7, 292, 2, Hindi, SingleLocking}, []byte{11, 0x24, 1, 6, 0x25, 1, 6, 0, 3, 7, 2, 1}},
		{"Hindi, digits only", "१२३", all, false, Size{GSM7, 6, 1, Hindi, SingleShift}, []byte{3, 0x24, 1, 6}},
		{"as many parts as in UCS-2", x("१", 79), all, false, Size{GSM7, 158, 2, Hindi, SingleShift}, []byte{8, 0x24, 1, 6, 0, 3, 7, 2, 1}},
		{"Urdu", "سلام", all, false, Size{GSM7, 4, 1, Urdu, LockingShift}, []byte{3, 0x25, 1, 13}},
		{"an identifier that is not known", "ş", []Language{0, 77, Turkish}, false, Size{GSM7, 2, 1, Turkish, SingleShift}, []byte{3, 0x24, 1, 1}},
	} {
		o := Options{Languages: c.languages, Ref16: c.ref16, Ref: 7}
		if got := MeasureWith(c.text, o); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		s, err := SplitText(c.text, o)
		if err != nil || s.Language != c.want.Language || s.Shift != c.want.Shift || s.Whole != 0 || !slices.Equal(s.Parts[0].UDH, c.udh) {
			t.Errorf("%s: %v %v, header % x, %v", c.name, s.Language, s.Shift, s.Parts[0].UDH, err)
		}
	}
}

// In the scripts of India a letter and its vowel signs are one character to the reader, in septets too.
func TestNationalClustersAreNotTorn(t *testing.T) {
	text := "क" + strings.Repeat("कि", 100) // an odd number of septets fits
	s, err := SplitText(text, Options{Languages: []Language{Hindi}})
	if err != nil || s.Language != Hindi || len(s.Parts) != 2 {
		t.Fatalf("%v, %v", s, err)
	}
	if !strings.HasPrefix(s.Parts[1].Text, "कि") || len([]rune(s.Parts[0].Text)) != 149 {
		t.Errorf("cut before %q, after %d characters", s.Parts[1].Text, len([]rune(s.Parts[0].Text)))
	}
	s, err = SplitText("क"+text, Options{Languages: []Language{Hindi}})
	if err != nil || !strings.HasPrefix(s.Parts[1].Text, "कि") || len([]rune(s.Parts[0].Text)) != 148 {
		t.Errorf("cut before %q, after %d characters, %v", s.Parts[1].Text, len([]rune(s.Parts[0].Text)), err)
	}
}
