package modem

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/warthog618/sms"
	"github.com/warthog618/sms/encoding/tpdu"
	"pgregory.net/rapid"
)

// letters are of all three kinds: default alphabet, its extension, UCS2 with and
// without surrogates.
var letters = []rune("abcXYZ 019@£éÆ\n€[]{}~^|\\жΩ語😀")

// What the emulator sends, another decoder reads.
func TestIncomingIsReadByOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Incoming{
			From: rapid.SampledFrom([]string{"+15555550123", "5550123", "777", "Example", "A", "Ähm 12345"}).Draw(t, "from"),
			Text: rapid.StringOfN(rapid.RuneFrom(letters), 1, 400, -1).Draw(t, "text"),
			UCS2: rapid.Bool().Draw(t, "ucs2"),
			Wide: rapid.Bool().Draw(t, "wide"),
			Ref:  rapid.IntRange(1, 255).Draw(t, "ref"),
			At:   time.Date(2026, 11, 23, 12, 30, 15, 0, time.FixedZone("", rapid.IntRange(-20, 20).Draw(t, "zone")*1800)),
		}
		var whole []*tpdu.TPDU
		for _, b := range in.TPDUs() {
			if n := len(b); n > 176 {
				t.Fatalf("%d octets", n)
			}
			d, err := sms.Unmarshal(b, sms.AsMT)
			if err != nil {
				t.Fatalf("%x: %v", b, err)
			}
			if d.OA.Number() != in.From || !d.SCTS.Equal(in.At) {
				t.Errorf("from %q at %v", d.OA.Number(), d.SCTS)
			}
			whole = append(whole, d)
		}
		text, err := sms.Decode(whole)
		if err != nil || string(text) != in.Text {
			t.Errorf("%q, %v, want %q", text, err, in.Text)
		}
	})
}

// What another encoder sends, the phone shows.
func TestSubmitOfOthersIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringOfN(rapid.RuneFrom(letters), 1, 400, -1).Draw(t, "text")
		pdus, err := sms.Encode([]byte(want), sms.AsSubmit, sms.To("+15555550123"))
		if err != nil {
			t.Fatal(err)
		}
		var parts []Part
		for _, p := range pdus {
			b, err := p.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			part, err := readSubmit(b)
			if err != nil {
				t.Fatalf("%x: %v", b, err)
			}
			parts = append(parts, part)
		}
		got := Join(parts)
		if len(got) != 1 || got[0].Text != want || got[0].Number != "+15555550123" {
			t.Errorf("%+v, want %q", got, want)
		}
	})
}

// By hand, from the clauses of TS 23.040.
func TestSubmitByHand(t *testing.T) {
	for name, c := range map[string]struct {
		hex  string
		want Part
	}{
		"national number, binary with ports": {
			"51" + "07" + "0781550521F3" + "00" + "F5" + "AD" + "09" + "0605040B8423F0" + "CAFE",
			Part{Number: "5550123", Type: 0x81, Data: []byte{0xCA, 0xFE}, Validity: 7 * 24 * time.Hour, DCS: 0xF5, Reference: 7},
		},
		"short code, Turkish single shift": {
			"41" + "00" + "038177F7" + "00" + "00" + "08" + "03240101" + "D8CCC3",
			Part{Number: "777", Type: 0x81, Text: "şa"},
		},
		"Turkish locking shift": {
			"41" + "00" + "038177F7" + "00" + "00" + "07" + "03250101" + "E02C00",
			Part{Number: "777", Type: 0x81, Text: "ŞĞ"},
		},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readSubmit(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Number != c.want.Number || got.Type != c.want.Type || !bytes.Equal(got.Data, c.want.Data) || got.Text != c.want.Text ||
			got.Validity != c.want.Validity || got.DCS != c.want.DCS || got.Reference != c.want.Reference {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A modem is not fooled by PDUs that are cut off or too long.
func TestBrokenSubmit(t *testing.T) {
	whole, _ := hex.DecodeString("0011000B915155550521F30000AA04D4F29C0E")
	for n := range len(whole) - 1 {
		if p, err := readSubmit(whole[1 : 1+n]); err == nil {
			t.Errorf("%d octets: %+v", n, p)
		}
	}
	if _, err := readSubmit(append(whole[1:], 0)); err == nil {
		t.Error("an octet too many")
	}
}
