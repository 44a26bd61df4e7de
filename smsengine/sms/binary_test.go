package sms

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/warthog618/sms/encoding/tpdu"
)

func TestSplitBinary(t *testing.T) {
	port := []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0} // application port addressing, 16 bit
	for _, c := range []struct {
		name   string
		octets int
		udh    []byte
		ref16  bool
		parts  []int // octets of data in each
	}{
		{"empty", 0, nil, false, []int{0}},
		{"one part", 140, nil, false, []int{140}},
		{"two parts", 141, nil, false, []int{134, 7}},
		{"16-bit reference", 141, nil, true, []int{133, 8}},
		{"with a port", 133, port, false, []int{133}},
		{"with a port, two parts", 134, port, false, []int{128, 6}},
		{"with a port, 16-bit reference", 134, port, true, []int{127, 7}},
	} {
		data := bytes.Repeat([]byte{0xab}, c.octets)
		s, err := SplitBinary(data, c.udh, Options{Ref: 7, Ref16: c.ref16})
		if err != nil || s.Alphabet != Binary || s.Units != c.octets {
			t.Errorf("%s: %v, %v", c.name, s, err)
			continue
		}
		var lengths []int
		var joined []byte
		for i, p := range s.Parts {
			lengths = append(lengths, len(p.Data))
			joined = append(joined, p.Data...)
			if len(p.Data)+len(p.UDH) > 140 || !bytes.HasPrefix(p.UDH[min(1, len(p.UDH)):], c.udh[min(1, len(c.udh)):]) {
				t.Errorf("%s: part %d has header % x and %d octets", c.name, i, p.UDH, len(p.Data))
			}
			if concat, found, err := ParseUDH(p.UDH); err != nil || found != (len(s.Parts) > 1) || found && (concat.Seq != i+1 || concat.Ref != 7) {
				t.Errorf("%s: part %d: %v %v %v", c.name, i, concat, found, err)
			}
		}
		if !slices.Equal(lengths, c.parts) || !bytes.Equal(joined, data) {
			t.Errorf("%s: parts of %v octets, want %v", c.name, lengths, c.parts)
		}
	}
	var tooLong *TooLongError
	if _, err := SplitBinary(make([]byte, 141), nil, Options{MaxParts: 1, Cut: true}); !errors.As(err, &tooLong) {
		t.Errorf("data that may not be cut: %v", err)
	}
	for name, udh := range map[string][]byte{"length": {9, 5}, "element": {2, 5, 4}, "no room": slices.Concat([]byte{138, 0x70, 136}, make([]byte, 136)), "part of another": {5, 0, 3, 1, 2, 1}} {
		if _, err := SplitBinary(make([]byte, 140), udh, Options{}); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseUDH(t *testing.T) {
	for _, c := range []struct {
		name  string
		udh   []byte
		want  Concat
		found bool
		bad   bool
	}{
		{"none", nil, Concat{}, false, false},
		{"empty", []byte{0}, Concat{}, false, false},
		{"8 bit", []byte{5, 0, 3, 0xfe, 3, 2}, Concat{0xfe, false, 3, 2}, true, false},
		{"16 bit", []byte{6, 8, 4, 1, 2, 3, 3}, Concat{0x102, true, 3, 3}, true, false},
		{"behind another", []byte{11, 5, 4, 1, 2, 3, 4, 0, 3, 9, 2, 1}, Concat{9, false, 2, 1}, true, false},
		{"the last of two", []byte{10, 0, 3, 1, 2, 1, 0, 3, 2, 2, 2}, Concat{2, false, 2, 2}, true, false},
		{"sequence 0", []byte{5, 0, 3, 1, 2, 0}, Concat{}, false, false},
		{"beyond the total", []byte{5, 0, 3, 1, 2, 3}, Concat{}, false, false},
		{"of another length", []byte{4, 0, 2, 1, 2}, Concat{}, false, false},
		{"too short", []byte{5, 0, 3, 1}, Concat{}, false, true},
		{"element too long", []byte{5, 0, 9, 1, 2, 1}, Concat{}, false, true},
		{"half an element", []byte{1, 0}, Concat{}, false, true},
	} {
		got, found, err := ParseUDH(c.udh)
		if got != c.want || found != c.found || (err != nil) != c.bad {
			t.Errorf("%s: %v %v %v", c.name, got, found, err)
		}
	}
	if udh, err := Header([]byte{0, 3, 1, 2, 1}); err != nil || !slices.Equal(udh, []byte{5, 0, 3, 1, 2, 1}) {
		t.Errorf("Header: % x, %v", udh, err)
	}
	for _, bad := range [][]byte{{0}, make([]byte, 140)} {
		if _, err := Header(bad); !errors.Is(err, ErrHeader) {
			t.Errorf("Header(% x): %v", bad, err)
		}
	}
}

// Our headers must read the same in the library that builds TPDUs.
func TestHeadersAgreeWithWarthog(t *testing.T) {
	for _, ref16 := range []bool{false, true} {
		udh := Options{Ref: 0x1234, Ref16: ref16}.header(nil, 3, 2)
		var there tpdu.UserDataHeader
		if n, err := there.UnmarshalBinary(udh); err != nil || n != len(udh) {
			t.Fatalf("% x: %v", udh, err)
		}
		total, seq, ref, ok := there.ConcatInfo()
		here, found, err := ParseUDH(udh)
		if !ok || !found || err != nil || total != here.Total || seq != here.Seq || ref != int(here.Ref) {
			t.Errorf("% x: %d %d %d there, %v here", udh, total, seq, ref, here)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		name    string
		parts   []Received
		text    string
		missing []int
	}{
		{"nothing", nil, "", nil},
		{"one", []Received{{1, 1, "a"}}, "a", nil},
		{"any order, with duplicates", []Received{{3, 3, "c"}, {1, 3, "a"}, {3, 3, "C"}, {2, 3, "b"}}, "abc", nil},
		{"gaps", []Received{{2, 5, "b"}, {5, 5, "e"}}, "[...]b[...]e", []int{1, 3, 4}},
		{"out of range", []Received{{1, 2, "a"}, {0, 2, "x"}, {7, 2, "y"}, {2, 2, ""}}, "a", nil},
		{"no total", []Received{{1, 0, "a"}}, "", nil},
	} {
		text, missing := Join(c.parts)
		if text != c.text || !slices.Equal(missing, c.missing) {
			t.Errorf("%s: %q %v", c.name, text, missing)
		}
	}
}
