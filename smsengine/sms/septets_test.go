package sms

import (
	"bytes"
	"errors"
	"testing"

	"github.com/warthog618/sms/encoding/gsm7"
	"github.com/warthog618/sms/encoding/gsm7/charset"
	"pgregory.net/rapid"
)

func TestSeptets(t *testing.T) {
	turkish, both := []byte{3, 0x24, 1, 1}, []byte{11, 0, 3, 7, 2, 1, 0x24, 1, 6, 0x25, 1, 6}
	for _, c := range []struct {
		name, text string
		udh        []byte
		want       []byte
	}{
		{"default", "a@€", nil, []byte{0x61, 0, 0x1b, 0x65}},
		{"single shift", "aş", turkish, []byte{0x61, 0x1b, 0x73}},
		{"its extension is the old one", "€", turkish, []byte{0x1b, 0x65}},
		{"locking shift", "ış€", []byte{3, 0x25, 1, 1}, []byte{7, 0x1d, 4}},
		{"both, behind a concatenation", "न१", both, []byte{0x2f, 0x1b, 0x1d}},
		{"of two languages", "ış", []byte{6, 0x25, 1, 1, 0x24, 1, 2}, []byte{7, 0x1d}},
		{"a table that is not known", "a", []byte{3, 0x25, 1, 77}, []byte{0x61}},
	} {
		got, err := Septets(c.text, c.udh)
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: % x, %v, want % x", c.name, got, err, c.want)
		}
		if back, err := Text(c.want, c.udh); err != nil || back != c.text {
			t.Errorf("%s: back %q, %v", c.name, back, err)
		}
	}
	for _, bad := range []struct {
		text string
		udh  []byte
		want error
	}{{"ş", nil, ErrSeptet}, {"😀", turkish, ErrSeptet}, {"a", []byte{9, 9}, ErrHeader}} {
		if _, err := Septets(bad.text, bad.udh); !errors.Is(err, bad.want) {
			t.Errorf("%q: %v", bad.text, err)
		}
	}
}

// What a phone may send that we never would (3GPP TS 23.038 §6.2.1.1).
func TestText(t *testing.T) {
	for _, c := range []struct {
		name    string
		septets []byte
		udh     []byte
		want    string
	}{
		{"an escape to nothing known gives the letter", []byte{0x1b, 0x61}, nil, "a"},
		{"and that of the locking table", []byte{0x1b, 0x07}, []byte{3, 0x25, 1, 1}, "ı"},
		{"two escapes", []byte{0x61, 0x1b, 0x1b, 0x61}, nil, "a a"},
		{"an escape at the end", []byte{0x61, 0x1b}, nil, "a "},
		{"a phone without the table shows the letter", []byte{0x1b, 0x73}, nil, "s"},
		{"an empty place", []byte{0x0c}, []byte{3, 0x25, 1, 11}, "\ufffd"},
		{"line ends as they came", []byte{0x0d, 0x0a}, nil, "\r\n"},
	} {
		if got, err := Text(c.septets, c.udh); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	for _, bad := range [][]byte{{0x80}, {0x1b, 0xff}} {
		if _, err := Text(bad, nil); !errors.Is(err, ErrSeptet) {
			t.Errorf("% x: %v", bad, err)
		}
	}
	if _, err := Text(nil, []byte{1}); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
}

// The library that builds TPDUs must read what we write, with the tables that it has right.
func TestSeptetsAgreeWithWarthog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, o := texts().Draw(t, "text"), options().Draw(t, "options")
		s, err := SplitText(text, o)
		if err != nil || s.Alphabet != GSM7 || s.Language == Hindi || s.Language == Portuguese {
			return
		}
		decoder := gsm7.NewDecoder()
		if s.Shift&LockingShift != 0 {
			decoder = decoder.WithCharset(charset.NewDecoder(int(s.Language)))
		}
		if s.Shift&SingleShift != 0 {
			decoder = decoder.WithExtCharset(charset.NewExtDecoder(int(s.Language)))
		}
		for _, p := range s.Parts {
			septets, err := Septets(p.Text, p.UDH)
			if err != nil {
				t.Fatal(err)
			}
			if there, err := decoder.Decode(septets); err != nil || string(there) != p.Text {
				t.Fatalf("%q reads there as %q, %v", p.Text, there, err)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte{0x61, 0x1b, 0x65}, []byte{3, 0x24, 1, 1})
	f.Add([]byte{0x1b}, []byte{6, 0x24, 1, 13, 0x25, 1, 6})
	f.Fuzz(func(t *testing.T, septets, udh []byte) {
		text, err := Text(septets, udh)
		if err != nil {
			return
		}
		again, err := Septets(text, udh) // in the shortest way, and without what has no character
		if err != nil {
			return
		}
		if back, err := Text(again, udh); err != nil || back != text {
			t.Fatalf("%q, %q, %v", text, back, err)
		}
	})
}
