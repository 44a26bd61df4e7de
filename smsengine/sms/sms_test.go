package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/warthog618/sms/encoding/gsm7"
)

func sized(a Alphabet, units, parts int) Size { return Size{Alphabet: a, Units: units, Parts: parts} }

func TestMeasure(t *testing.T) {
	x := strings.Repeat
	for _, c := range []struct {
		name, text string
		want       Size
	}{
		{"empty", "", sized(GSM7, 0, 1)},
		{"one part", x("a", 160), sized(GSM7, 160, 1)},
		{"two parts", x("a", 161), sized(GSM7, 161, 2)},
		{"two full parts", x("a", 306), sized(GSM7, 306, 2)},
		{"three parts", x("a", 307), sized(GSM7, 307, 3)},
		{"extension counts two", x("€", 80), sized(GSM7, 160, 1)},
		{"extension over", x("€", 81), sized(GSM7, 162, 2)},
		{"an escape pair moves to the next part", x("a", 152) + "€" + x("b", 152), sized(GSM7, 306, 3)},
		{"all of the extension", "\f^{}\\[~]|€", sized(GSM7, 20, 1)},
		{"Greek capitals", "ΔΦΓΛΩΠΨΣΘΞ", sized(GSM7, 10, 1)},
		{"cedilla", "Ç", sized(GSM7, 1, 1)},
		{"small cedilla", "ç", sized(UCS2, 1, 1)},
		{"tab", "a\tb", sized(UCS2, 3, 1)},
		{"escape itself", "\x1b", sized(UCS2, 1, 1)},
		{"line ends", "a\r\nb\rc\n", sized(GSM7, 6, 1)},
		{"UCS-2", x("ж", 70), sized(UCS2, 70, 1)},
		{"UCS-2, two parts", x("ж", 71), sized(UCS2, 71, 2)},
		{"UCS-2, full parts", x("ж", 134), sized(UCS2, 134, 2)},
		{"one foreign character", x("a", 69) + "ж", sized(UCS2, 70, 1)},
		{"emoji", x("😀", 35), sized(UCS2, 70, 1)},
		{"emoji, 33 in a part of 67", x("😀", 67), sized(UCS2, 134, 3)},
		{"family of 11 units, 6 in a part", x("👨‍👩‍👧‍👦", 12), sized(UCS2, 132, 2)},
		{"not UTF-8", "\xff", sized(UCS2, 1, 1)},
	} {
		if got := Measure(c.text); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The alphabet must be the one that the field's other implementations have.
func TestAlphabetAgreesWithWarthog(t *testing.T) {
	for r := rune(1); r < 0x3000; r++ {
		if r == 0x1b { // escapes there, as it does on the air; as a character it has no place in a text
			continue
		}
		septets, err := gsm7.Encode([]byte(string(r)))
		if known := plainGSM.septet(r).length() > 0; known != (err == nil) {
			t.Errorf("U+%04X %q: known here %v, there %v", r, r, known, err)
		}
		if err == nil && len(septets) != plainGSM.septet(r).length() {
			t.Errorf("U+%04X %q takes %d septets there, %d here", r, r, len(septets), plainGSM.septet(r).length())
		}
	}
}

func TestSplitHeaders(t *testing.T) {
	text := strings.Repeat("a", 200)
	s, err := SplitText(text, Options{Ref: 0x1234})
	if err != nil || len(s.Parts) != 2 || len(s.Parts[0].Text) != 153 || s.Units != 200 || s.Truncated {
		t.Fatalf("%v, %v", s, err)
	}
	if !slices.Equal(s.Parts[1].UDH, []byte{5, 0, 3, 0x34, 2, 2}) {
		t.Errorf("8-bit header % x", s.Parts[1].UDH)
	}
	s, err = SplitText(text, Options{Ref: 0x1234, Ref16: true})
	if err != nil || len(s.Parts) != 2 || len(s.Parts[0].Text) != 152 {
		t.Fatalf("%v, %v", s, err)
	}
	if !slices.Equal(s.Parts[0].UDH, []byte{6, 8, 4, 0x12, 0x34, 2, 1}) {
		t.Errorf("16-bit header % x", s.Parts[0].UDH)
	}
	if s, err = SplitText("one", Options{Ref: 1}); err != nil || len(s.Parts) != 1 || s.Parts[0].UDH != nil {
		t.Errorf("one part: %v, %v", s, err)
	}
}

func TestSplitTooLong(t *testing.T) {
	words := strings.Repeat("all work and no play ", 50)
	var tooLong *TooLongError
	if _, err := SplitText(words, Options{MaxParts: 3}); !errors.As(err, &tooLong) || *tooLong != (TooLongError{7, 3}) {
		t.Errorf("%v", err)
	}
	if _, err := SplitText(strings.Repeat("a", 153*255+1), Options{}); !errors.As(err, &tooLong) || tooLong.Max != 255 {
		t.Errorf("%v", err)
	}
	if s, err := SplitText(strings.Repeat("a", 153*255), Options{}); err != nil || len(s.Parts) != 255 {
		t.Errorf("255 parts: %d, %v", len(s.Parts), err)
	}
}

func TestSplitCut(t *testing.T) {
	x := strings.Repeat
	for _, c := range []struct {
		name, text string
		max        int
		want       string
		alphabet   Alphabet
	}{
		{"at a word", x("a", 100) + " " + x("b", 30) + " " + x("c", 40), 1, x("a", 100) + " " + x("b", 30) + "...", GSM7},
		{"a word that ends at the edge", x("a", 100) + " " + x("b", 56) + " ccc", 1, x("a", 100) + " " + x("b", 56) + "...", GSM7},
		{"a long word is torn", x("a", 200), 1, x("a", 157) + "...", GSM7},
		{"two parts", x("a", 400), 2, x("a", 303) + "...", GSM7},
		{"an escape pair is not torn", x("€", 100), 1, x("€", 78) + "...", GSM7},
		{"UCS-2", x("ж", 100), 1, x("ж", 69) + "…", UCS2},
		{"an emoji is not torn", x("😀", 100), 1, x("😀", 34) + "…", UCS2},
		{"what needs UCS-2 is cut off", x("a", 200) + "ж", 1, x("a", 157) + "...", GSM7},
		{"early UCS-2", "ж" + x("a", 200), 1, "ж" + x("a", 68) + "…", UCS2},
		{"the word that needed UCS-2 goes", x("a", 60) + " " + x("b", 5) + "ж" + x("b", 9), 1, x("a", 60) + "...", GSM7},
		{"line end", x("a", 150) + "\r\n" + x("b", 40), 1, x("a", 150) + "...", GSM7},
		{"spaces only", x(" ", 200), 1, "...", GSM7},
	} {
		s, err := SplitText(c.text, Options{MaxParts: c.max, Cut: true})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := ""
		for _, p := range s.Parts {
			got += p.Text
		}
		if got != c.want || s.Alphabet != c.alphabet || !s.Truncated || len(s.Parts) > c.max {
			t.Errorf("%s: %d parts in %v, %q, want %q", c.name, len(s.Parts), s.Alphabet, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	size, cut := Cut(strings.Repeat("a", 152)+"€"+"b", Options{})
	if size.Parts != 1 || len(cut) != 1 {
		t.Errorf("%v %q", size, cut)
	}
	long := strings.Repeat("a", 152) + "€" + strings.Repeat("b", 10)
	size, cut = Cut(long, Options{})
	if size != (sized(GSM7, 164, 2)) || len(cut) != 2 || cut[0] != long[:152] || cut[0]+cut[1] != long {
		t.Errorf("%v %q", size, cut)
	}
	if size, cut = Cut("", Options{}); size.Parts != 1 || !slices.Equal(cut, []string{""}) {
		t.Errorf("%v %q", size, cut)
	}
	if size, cut = Cut("\xff\r\n", Options{}); cut[0] != "\ufffd\n" || !utf8.ValidString(cut[0]) {
		t.Errorf("%v %q", size, cut)
	}
}
