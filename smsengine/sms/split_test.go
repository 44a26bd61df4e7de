package sms

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// texts are made of pieces that parts must not be cut in.
func texts() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"a", "word ", "€", "{", "\r\n", "\n", "ж", "é", "e\u0301", "漢字", "👨‍👩‍👧‍👦", "🇨🇭", "👍🏽", "นี้", "각", "\u200d", "\u0301", "\xff", "\u0600", "क्षि", "ş", "ı", "ã", "í", "Ê", "नमस्ते ", "१", "سلام", "தமிழ்", "’", "…", "ő", "½", "\u00a0", "№"}),
		rapid.StringMatching(`[a-z ]{1,80}`),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "national") {
			l := rapid.SampledFrom(Languages()).Draw(t, "language")
			return rapid.StringOfN(rapid.SampledFrom(slices.Concat(characters(lockingPage(l)), characters(singlePage(l)))), 0, 600, -1).Draw(t, "characters")
		}
		pieces := rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces")
		if rapid.Bool().Draw(t, "plain") {
			return strings.Repeat(strings.Join(pieces[:min(3, len(pieces))], ""), rapid.IntRange(0, 200).Draw(t, "times"))
		}
		return strings.Join(pieces, "")
	})
}

// characters are those that a page has.
func characters(p *page) []rune {
	return slices.DeleteFunc(slices.Clone(p[:]), func(r rune) bool { return r == 0 || r == escape || r == '\r' })
}

// options are all that can be chosen, but how long a text may be.
func options() *rapid.Generator[Options] {
	return rapid.Custom(func(t *rapid.T) Options {
		return Options{
			Ref: rapid.Uint16().Draw(t, "ref"), Ref16: rapid.Bool().Draw(t, "ref16"), Transliterate: rapid.Bool().Draw(t, "near"),
			Languages: rapid.SliceOfDistinct(rapid.SampledFrom(Languages()), rapid.ID).Draw(t, "languages"),
		}
	})
}

func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, o := texts().Draw(t, "text"), options().Draw(t, "options")
		checkSplit(t, text, o)
		o.Cut, o.MaxParts = true, rapid.IntRange(1, 5).Draw(t, "max")
		checkSplit(t, text, o)
	})
}

// checkSplit holds a split to all that the package promises.
func checkSplit(t failer, text string, o Options) {
	s, err := SplitText(text, o)
	if err != nil {
		if MeasureWith(text, o).Parts <= MaxParts || o.Cut {
			t.Fatalf("%v", err)
		}
		return
	}
	var received []Received
	total := 0
	c := codingOf(s)
	alone, joined := c.limits(o.Ref16)
	for i, p := range s.Parts {
		n, end := c.span(p.Text)
		if end < len(p.Text) {
			t.Fatalf("part %d %q is not in the alphabet", i, p.Text)
		}
		total += n
		if len(s.Parts) == 1 && n > alone || len(s.Parts) > 1 && (n > joined || n == 0) {
			t.Fatalf("part %d of %d takes %d units", i+1, len(s.Parts), n)
		}
		concat, found, err := ParseUDH(p.UDH)
		if err != nil || found != (len(s.Parts) > 1) || found && (concat.Seq != i+1 || concat.Total != len(s.Parts)) {
			t.Fatalf("part %d has header % x", i, p.UDH)
		}
		checkAir(t, s, p)
		received = append(received, Received{Seq: i + 1, Total: len(s.Parts), Text: p.Text})
	}
	if total != s.Units || len(s.Parts) > o.max() {
		t.Fatalf("%d units and %d parts, want %d and at most %d", total, len(s.Parts), s.Units, o.max())
	}
	whole, missing := Join(received)
	if len(missing) > 0 {
		t.Fatalf("parts %v are missing", missing)
	}
	if s.Truncated {
		head := strings.TrimSuffix(strings.TrimSuffix(whole, "..."), "…")
		if head == whole || !o.Transliterate && !strings.HasPrefix(Normalize(text), head) {
			t.Fatalf("%q was made of %q", whole, text)
		}
		if size := MeasureWith(text, o); s.Whole != size.Parts || s.Whole <= len(s.Parts) {
			t.Fatalf("of %d parts, not %d, %d were left", size.Parts, s.Whole, len(s.Parts))
		}
		return
	}
	if want := Normalize(text); whole != want && (!o.Transliterate || s.Alphabet != GSM7 || nearestTo(c, want) != whole) {
		t.Fatalf("%q joined is %q", text, whole)
	}
	if size := MeasureWith(text, o); size != (Size{s.Alphabet, s.Units, len(s.Parts), s.Language, s.Shift}) || s.Whole != 0 {
		t.Fatalf("measured %v, split %v", size, s)
	}
	if _, cut := Cut(text, o); !slices.EqualFunc(cut, s.Parts, func(text string, p Part) bool { return text == p.Text }) {
		t.Fatalf("cut %q, split %v", cut, s.Parts)
	}
	checkSeams(t, whole, s, joined)
}

func nearestTo(c *coding, text string) string {
	near, _, _ := c.near(text)
	return near
}

// checkAir: what a part carries in 140 octets reads as its text again.
func checkAir(t failer, s Split, p Part) {
	if s.Alphabet != GSM7 {
		if len(p.UDH)+2*len(utf16.Encode([]rune(p.Text))) > 140 {
			t.Fatalf("%q and a header of %d octets are too much", p.Text, len(p.UDH))
		}
		return
	}
	septets, err := Septets(p.Text, p.UDH)
	if err != nil || len(p.UDH)+(len(septets)*7+7)/8 > 140 {
		t.Fatalf("%q is %d septets behind a header of %d octets: %v", p.Text, len(septets), len(p.UDH), err)
	}
	if back, err := Text(septets, p.UDH); err != nil || back != p.Text {
		t.Fatalf("%q reads as %q, %v", p.Text, back, err)
	}
}

type failer interface {
	Fatalf(format string, args ...any)
}

// checkSeams: cuts fall between clusters, and no part could have taken the next cluster too, so that fewer parts are
// impossible. Clusters too long for a part are left out: they may be torn anywhere.
func checkSeams(t failer, whole string, s Split, joined int) {
	units := func(text string) int {
		n, _ := codingOf(s).span(text)
		return n
	}
	starts := map[int]int{len(whole): 0} // of clusters, with their units
	clusters := uniseg.NewGraphemes(whole)
	for clusters.Next() {
		from, to := clusters.Positions()
		n := units(whole[from:to])
		if n > joined {
			return
		}
		starts[from] = n
	}
	at := 0
	for i, p := range s.Parts[:len(s.Parts)-1] {
		at += len(p.Text)
		next, whole := starts[at]
		if !whole {
			t.Fatalf("part %d ends within a cluster", i+1)
		}
		if units(p.Text)+next <= joined {
			t.Fatalf("part %d has room for %d units more", i+1, next)
		}
	}
}

// codingOf is what a split says that it is written in.
func codingOf(s Split) *coding {
	switch {
	case s.Alphabet == UCS2:
		return ucs2
	case s.Shift == NoShift:
		return plainGSM
	}
	return national[s.Language]()[s.Shift-1]
}

// The quick look at two characters must never see a boundary where UAX 29 has none.
func TestPlainCharactersStandAlone(t *testing.T) {
	var all []rune
	for r := rune(1); r < 0x11000; r++ {
		if plain(r) {
			all = append(all, r)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pair := string([]rune{rapid.SampledFrom(all).Draw(t, "first"), rapid.SampledFrom(all).Draw(t, "second")})
		if n := uniseg.GraphemeClusterCount(pair); n != 2 {
			t.Fatalf("%q is %d clusters", pair, n)
		}
	})
	for _, r := range all {
		for _, pair := range []string{string(r) + "a", "a" + string(r), "😀" + string(r), string(r) + "漢"} {
			if n := uniseg.GraphemeClusterCount(pair); n != 2 {
				t.Fatalf("%q (U+%04X) is %d clusters", pair, r, n)
			}
		}
	}
}

// No text is so strange, or so long, that it takes time: neither one cluster of a megabyte, nor one that every table has
// nearly. The bound is in steps that a slow machine makes in seconds, and that a quadratic search never ends.
func TestSplitHugeTexts(t *testing.T) {
	for name, text := range map[string]string{
		"one cluster": strings.Repeat("\u0301", 1<<20), "one emoji": strings.Repeat("👨\u200d", 1<<18),
		"letters": strings.Repeat("Dvořák’s ", 1<<17), "euros": strings.Repeat("abc €", 1<<18),
	} {
		size := MeasureWith(text, Options{Languages: Languages(), Transliterate: true})
		s, err := SplitText(text, Options{Languages: Languages(), Transliterate: true, Cut: true, MaxParts: 3})
		if err != nil || len(s.Parts) > 3 || s.Whole != size.Parts {
			t.Errorf("%s: %d of %d parts, want %d, %v", name, len(s.Parts), s.Whole, size.Parts, err)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "hello", strings.Repeat("ş", 200), strings.Repeat("नमस्ते १", 40), strings.Repeat("It’s “fine”… ", 20), strings.Repeat("€", 200), strings.Repeat("👨‍👩‍👧‍👦", 40), "a\r\nb\r\xff", strings.Repeat("e\u0301", 100), strings.Repeat("\u0301", 300)} {
		f.Add(s, uint8(3), true, uint16(1<<Turkish|1<<Hindi), true)
	}
	f.Fuzz(func(t *testing.T, text string, max uint8, ref16 bool, languages uint16, near bool) {
		o := Options{Ref16: ref16, Transliterate: near}
		for _, l := range Languages() {
			if languages>>l&1 != 0 {
				o.Languages = append(o.Languages, l)
			}
		}
		checkSplit(t, text, o)
		o.Cut, o.MaxParts = true, int(max)
		checkSplit(t, text, o)
	})
}

func FuzzUDH(f *testing.F) {
	f.Add([]byte{5, 0, 3, 1, 2, 1})
	f.Add([]byte{11, 5, 4, 1, 2, 3, 4, 8, 4, 1, 1, 2, 1})
	f.Fuzz(func(t *testing.T, udh []byte) {
		c, found, err := ParseUDH(udh)
		if found && (err != nil || c.Seq < 1 || c.Seq > c.Total) {
			t.Fatalf("% x: %v %v", udh, c, err)
		}
	})
}

func BenchmarkMeasure(b *testing.B) { benchmark(b, func(text string) { Measure(text) }) }

func BenchmarkSplit(b *testing.B) {
	benchmark(b, func(text string) { _, _ = SplitText(text, Options{MaxParts: 3, Cut: true}) })
}

func benchmark(b *testing.B, f func(string)) {
	for name, text := range map[string]string{
		"gsm7-160": strings.Repeat("0123456789abcde ", 10), "gsm7-400": strings.Repeat("0123456789abcde ", 25),
		"ucs2-117": strings.Repeat("Привет, мир! ", 9), "emoji-90": strings.Repeat("👍🏽 ok ", 15),
		"cut-10k": strings.Repeat("0123456789abcde ", 625),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(text)
			}
		})
	}
}
