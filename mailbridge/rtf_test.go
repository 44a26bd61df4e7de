package mailbridge

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRTF(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"words", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red0\green0\blue0;}\pard\f0 Call me\par now\line or\tab later}`, "Call me\nnow\nor\tlater"},
		{"characters", `{\rtf1\ansicpg1252 Gr\'fc\'dfe \{x\} a\\b\~c\endash d \lquote e\rquote}`, `Grüße {x} a\b c–d ‘e’`},
		{"a code page", `{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}`, "Привет"},
		{"characters of two octets", `{\rtf1\ansicpg932 \'82\'b1\'82\'f1}`, "こん"},
		{"Unicode", `{\rtf1\uc1 \u8364? \u-10179?\u-8704?!{\uc0 \u252 x}\u252??}`, "€ 😀!üxü?"},
		{"HTML inside", `{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hello {\*\htmltag84 <b>}\htmlrtf {\b\htmlrtf0 you{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0}`, "Hello you\n"},
		{"pictures", `{\rtf1 a{\pict\pngblip 89504e47}b}`, "ab"},
		{"broken", `}}{\rtf1 a\'zz\`, `azz\`},
	} {
		if got := rtfText([]byte(test.source)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// deflated compresses with the references that it finds in the dictionary.
func deflated(s string) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 8, 100), 0x75465a4c)
	b = append(b, 0, 0, 0, 0)
	window := rtfDictionary
	for s != "" {
		control, at := len(b), 0
		b = append(b, 0)
		for ; at < 8 && s != ""; at++ {
			n := min(17, len(s))
			for n > 1 && !strings.Contains(window, s[:n]) {
				n--
			}
			if n > 1 {
				b[control] |= 1 << at
				reference := strings.Index(window, s[:n])<<4 | (n - 2)
				b = append(b, byte(reference>>8), byte(reference))
			} else {
				n = 1
				b = append(b, s[0])
			}
			window += s[:n]
			s = s[n:]
		}
		if s == "" && at < 8 {
			b[control] |= 1 << at
			b = append(b, byte(len(window)>>4), byte(len(window)<<4))
		}
	}
	return b
}

func TestInflateRTF(t *testing.T) {
	for _, s := range []string{
		`{\rtf1\ansi\ansicpg1252\pard hello world, hello world, hello}` + "\r\n",
		strings.Repeat("All work and no play. ", 60),
		"x",
	} {
		packed := deflated(s)
		if got := inflateRTF(packed, maxTNEF); string(got) != s {
			t.Errorf("got %q, want %q", got, s)
		}
		for n := range packed {
			inflateRTF(packed[:n], maxTNEF)
		}
	}
	if len(rtfDictionary) != 207 {
		t.Errorf("the dictionary has %d octets", len(rtfDictionary))
	}
	stored := append([]byte("........MELA...."), "words"...)
	if got := inflateRTF(stored, 3); string(got) != "wor" {
		t.Errorf("stored: got %q", got)
	}
}

func TestWrappedRTF(t *testing.T) {
	w := newWrapping()
	w.attribute(1, attMessageProps, propertyList(prop(0x102, propRTF, deflated(`{\rtf1\ansi\ansicpg1252\fromtext {\fonttbl{\f0 Arial;}}Gr\'fc\'dfe\par}`))))
	if m := read(t, wrapped(w.Bytes(), "", "")); m.Body != "Grüße" {
		t.Errorf("got %q", m.Body)
	}
}

func FuzzRTF(f *testing.F) {
	f.Add(deflated(`{\rtf1\ansi\ansicpg1252\uc1 \u8364? \u-10179?\u-8704?{\*\htmltag64 <p>}\par}`))
	f.Add([]byte(`........MELA....{\rtf1\ansicpg932 \'82\'b1\'`))
	f.Fuzz(func(t *testing.T, packed []byte) {
		source := inflateRTF(packed, maxTNEF)
		if len(source) > maxTNEF+8*17 {
			t.Errorf("%d octets of %d", len(source), len(packed))
		}
		if got := rtfText(source); !utf8.ValidString(got) || len(got) > 3*maxTNEF {
			t.Errorf("got %q", got)
		}
	})
}
