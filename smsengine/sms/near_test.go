package sms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTransliterate(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"what the alphabet has", "@£$¥èéùìòÇØøÅåΔΦÆæßÉÄÖÑÜ§¿äöñüà€{}", "@£$¥èéùìòÇØøÅåΔΦÆæßÉÄÖÑÜ§¿äöñüà€{}"},
		{"apostrophe", "It’s ‘so’ ‚so‛ 5′ o`clock´s", "It's 'so' 'so' 5' o'clock's"},
		{"quotes", "“a” „b” «c» 5″", "\"a\" \"b\" \"c\" 5\""},
		{"dashes", "a–b—c‐d‑e−f―g", "a-b-c-d-e-f-g"},
		{"ellipsis", "so…", "so..."},
		{"bullets", "• a\n‣ b\n● c", "* a\n* b\n* c"},
		{"spaces", "a\u00a0b\u2009c\u202fd\u3000e\tf", "a b c d e f"},
		{"invisible", "a\u200bb\u00adc\ufeffd\u200ee\u2066f\u200d", "abcdef"},
		{"line and paragraph separators", "a\u2028b\u2029c\u0085d\ve", "a\nb\nc\nd\ne"},
		{"controls", "a\x00b\x1bc\x7fd", "abcd"},
		{"ligatures", "ﬁn ﬄ œuvre ŒUVRE ĳs", "fin ffl oeuvre OEUVRE ijs"},
		{"fractions", "½ 1½ ¾ ⅓ 1⁄2", "1/2 1 1/2 3/4 1/3 1/2"},
		{"superscripts", "m² 10² CO₂ xⁿ", "m2 10^2 CO2 xn"},
		{"signs", "a™ ©b ®c 25°C ±3 µm 3×4 №5", "a(TM) (C)b (R)c 25degC +/-3 um 3x4 No5"},
		{"arrows", "a→b ←c ↔ ⇒", "a->b <-c <-> =>"},
		{"accents", "čšžřěů ãõçáíóú ëïâêîôû ÀÈÌÒÙ őű", "cszreu aocaiou eiaeiou AEIOU ou"},
		{"strokes and others", "Łódź đ ħ ı þ ð Đ ŋ ſ", "Lodz d h i th d D n s"},
		{"accents that stand alone", "e\u0301 n\u0303 o\u030b x\u030c", "é ñ o x"},
		{"Vietnamese", "Tiếng Việt đường", "Tieng Viet duong"},
		{"Greek capitals", "ΚΑΛΗΜΈΡΑ ΣΑΣ", "KAΛHMEPA ΣAΣ"},
		{"other fonts and widths", "𝐛𝐨𝐥𝐝 Ｆｕｌｌ！ ℃ Ⅳ", "bold Full! degC IV"},
		{"not UTF-8", "a\xffb", "a?b"},
	} {
		s, err := SplitText(c.text, Options{Transliterate: true})
		if err != nil || s.Alphabet != GSM7 || s.Parts[0].Text != c.want {
			t.Errorf("%s: %v %q, want %q, %v", c.name, s.Alphabet, s.Parts[0].Text, c.want, err)
		}
		if s, err = SplitText(c.text, Options{}); err != nil || s.Parts[0].Text != Normalize(c.text) {
			t.Errorf("%s: unasked, it became %q, %v", c.name, s.Parts[0].Text, err)
		}
	}
}

// A text that is in UCS-2 all the same stays as it was written.
func TestTransliterateAllOrNothing(t *testing.T) {
	for _, text := range []string{"It’s 😀", "“Привет”", "Καλημέρα’", "漢字…", "नमस्ते’", "👨‍👩‍👧‍👦’", "❤️’", "1️⃣’", "’ع"} {
		s, err := SplitText(text, Options{Transliterate: true})
		if err != nil || s.Alphabet != UCS2 || s.Parts[0].Text != text {
			t.Errorf("%q became %v %q, %v", text, s.Alphabet, s.Parts[0].Text, err)
		}
	}
	if s, err := SplitText("\u200b", Options{Transliterate: true}); err != nil || s.Parts[0].Text == "" {
		t.Errorf("a text that shows nothing became empty: %v, %v", s, err)
	}
	many := strings.Repeat("…", 60) // 60 units, but 180 septets
	if s, err := SplitText(many, Options{Transliterate: true}); err != nil || len(s.Parts) != 1 || s.Alphabet != UCS2 {
		t.Errorf("dearer by transliteration: %d parts in %v, %v", len(s.Parts), s.Alphabet, err)
	}
}

// What a national table has is not replaced, unless that costs more.
func TestTransliterateLeast(t *testing.T) {
	o := Options{Transliterate: true, Languages: []Language{Turkish, Portuguese}}
	for _, c := range []struct {
		name, text, want string
		language         Language
		parts            int
	}{
		{"letters stay, quotes go", "“Şişli’de”", "\"Şişli'de\"", Turkish, 1},
		{"fewest replaced", "ş ã õ", "s ã õ", Portuguese, 1},
		{"no table needed", "It’s ok", "It's ok", NoLanguage, 1},
		{"a part less without the table", strings.Repeat("a", 156) + "ş", strings.Repeat("a", 156) + "s", NoLanguage, 1},
	} {
		s, err := SplitText(c.text, o)
		if err != nil || s.Parts[0].Text != c.want || s.Language != c.language || len(s.Parts) != c.parts {
			t.Errorf("%s: %q with %v in %d parts, %v", c.name, s.Parts[0].Text, s.Language, len(s.Parts), err)
		}
	}
}

func TestTransliterateAndCut(t *testing.T) {
	x := strings.Repeat
	for _, c := range []struct {
		name, text string
		o          Options
		want       string
		whole      int
	}{
		{"it fits after all", x("It’s ", 32), Options{Transliterate: true}, x("It's ", 32), 0},
		{"as much as fits", x("It’s ", 33), Options{Transliterate: true}, x("It's ", 30) + "It's...", 2},
		{"what needs UCS-2 is cut off", x("It’s ", 40) + "😀", Options{Transliterate: true}, x("It's ", 30) + "It's...", 4},
		{"national table", x("ş", 160), Options{Languages: []Language{Turkish}}, x("ş", 152) + "...", 2},
	} {
		c.o.Cut, c.o.MaxParts = true, 1
		s, err := SplitText(c.text, c.o)
		if err != nil || s.Parts[0].Text != c.want || s.Whole != c.whole || s.Truncated != (c.whole > 0) {
			t.Errorf("%s: %q of %d parts, %v", c.name, s.Parts[0].Text, s.Whole, err)
		}
	}
}

// What stands for a character must be writable itself, at least in the default alphabet.
func TestNearCharactersAreInTheAlphabet(t *testing.T) {
	for r, s := range nearby {
		if !plainGSM.hasAll(s) || !utf8.ValidString(s) {
			t.Errorf("%q gives %q", r, s)
		}
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if s, ok := plainGSM.nearest(r, 0); ok && !plainGSM.hasAll(s) {
			t.Errorf("%q gives %q", r, s)
		}
	}
}
