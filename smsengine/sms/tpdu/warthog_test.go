package tpdu

import (
	"bytes"
	"testing"
	"time"

	their "github.com/warthog618/sms/encoding/tpdu"
	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Generators of what may be written.

func drawAddress(t *rapid.T, names bool) Address {
	if names && rapid.Bool().Draw(t, "name") {
		return Address{TOA: Alphanumeric, Value: rapid.StringMatching(`[A-Za-z0-9@ÄöÜ&. ]{0,10}[A-Za-z]`).Draw(t, "name")}
	}
	toa := rapid.SampledFrom([]byte{International, National, Unknown, 0xb1, 0xc8, 0xe0}).Draw(t, "TOA")
	return Address{TOA: toa, Value: rapid.StringMatching(`[0-9*#abc]{1,20}`).Draw(t, "digits")}
}

func drawTimestamp(t *rapid.T) Timestamp {
	seconds := rapid.Int64Range(time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2089, 12, 30, 0, 0, 0, 0, time.UTC).Unix())
	zone := time.FixedZone("", rapid.IntRange(-48, 56).Draw(t, "quarters")*15*60)
	return TimestampOf(time.Unix(seconds.Draw(t, "time"), 0).In(zone))
}

func drawValidity(t *rapid.T) Validity {
	v := Validity{Format: Format(rapid.IntRange(0, 3).Draw(t, "format"))}
	switch v.Format {
	case Relative:
		v.For = duration(rapid.Byte().Draw(t, "steps"))
	case Absolute:
		v.Until = drawTimestamp(t)
	case Enhanced:
		v.Once = rapid.Bool().Draw(t, "once")
		v.Unit = Unit(rapid.IntRange(0, 3).Draw(t, "unit"))
		switch v.Unit {
		case Steps:
			v.For = duration(rapid.Byte().Draw(t, "steps"))
		case Seconds:
			v.For = time.Duration(rapid.IntRange(1, 255).Draw(t, "seconds")) * time.Second
		case Clock:
			v.For = time.Duration(rapid.IntRange(0, 100*3600-1).Draw(t, "seconds")) * time.Second
		}
	}
	return v
}

func drawContent(t *rapid.T) Content {
	var elements []Element
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		elements = append(elements, Element{
			ID:   rapid.SampledFrom([]byte{0, 1, 4, 5, 8, 0x24, 0x25, 0x70, 0xff}).Draw(t, "id"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "element"),
		})
	}
	c := Content{PID: rapid.Byte().Draw(t, "PID"), UDH: header(elements)}
	c.DCS = rapid.SampledFrom([]DCS{
		0x00, 0x01, 0x04, 0x08, 0x10, 0x11, 0x14, 0x18, 0x1b, 0x44, 0x58, 0xc0, 0xc8, 0xd9, 0xe2, 0xeb, 0xf0, 0xf3, 0xf5,
	}).Draw(t, "DCS")
	switch c.DCS.Alphabet() {
	case sms.GSM7:
		c.Data = rapid.SliceOfN(rapid.ByteMax(0x7f), 0, maxSeptets-headerSeptets(len(c.UDH))).Draw(t, "septets")
	case sms.UCS2:
		c.Data = rapid.SliceOfN(rapid.Byte(), 0, maxOctets-len(c.UDH)).Draw(t, "units")
		c.Data = c.Data[:len(c.Data)&^1]
	default:
		c.Data = rapid.SliceOfN(rapid.Byte(), 0, maxOctets-len(c.UDH)).Draw(t, "octets")
	}
	return c
}

func drawSubmit(t *rapid.T) *Submit {
	return &Submit{
		RejectDuplicates: rapid.Bool().Draw(t, "RD"), ReplyPath: rapid.Bool().Draw(t, "RP"),
		WantReport: rapid.Bool().Draw(t, "SRR"), Ref: rapid.Byte().Draw(t, "MR"),
		To: drawAddress(t, true), Validity: drawValidity(t), Content: drawContent(t),
	}
}

func drawDeliver(t *rapid.T) *Deliver {
	return &Deliver{
		More: rapid.Bool().Draw(t, "MMS"), Loop: rapid.Bool().Draw(t, "LP"), WantReport: rapid.Bool().Draw(t, "SRI"),
		ReplyPath: rapid.Bool().Draw(t, "RP"), From: drawAddress(t, true), Sent: drawTimestamp(t), Content: drawContent(t),
	}
}

// The other library must read what is written here as it was meant, as far as it can: docs/quirks.md names where not.
func TestWarthogReadsOurSubmits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSubmit(t)
		b, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		theirs := their.TPDU{Direction: their.MO}
		if err := theirs.UnmarshalBinary(b); err != nil {
			t.Fatalf("% X: %v", b, err)
		}
		if theirs.MR != s.Ref || theirs.DA.TOA != s.To.TOA || theirs.DA.Addr != s.To.Value ||
			theirs.FirstOctet.RD() != s.RejectDuplicates || theirs.FirstOctet.SRR() != s.WantReport || theirs.FirstOctet.RP() != s.ReplyPath {
			t.Fatalf("% X: %+v", b, theirs)
		}
		if theirs.VP.Format != their.ValidityPeriodFormat(s.Validity.Format) || theirs.VP.Duration != s.Validity.For {
			t.Fatalf("% X: validity %+v, want %+v", b, theirs.VP, s.Validity)
		}
		compareContent(t, b, &theirs, s.Content)
	})
}

func TestWarthogReadsOurDelivers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDeliver(t)
		b, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		theirs := their.TPDU{Direction: their.MT}
		if err := theirs.UnmarshalBinary(b); err != nil {
			t.Fatalf("% X: %v", b, err)
		}
		sent, err := d.Sent.Time()
		if err != nil {
			t.Fatal(err)
		}
		if year := sent.Year(); year >= 1970 && year < 2070 && !theirs.SCTS.Equal(sent) {
			t.Fatalf("% X: sent %v, want %v", b, theirs.SCTS, sent)
		}
		if theirs.OA.TOA != d.From.TOA || theirs.OA.Addr != d.From.Value || theirs.FirstOctet.SRI() != d.WantReport {
			t.Fatalf("% X: %+v", b, theirs)
		}
		compareContent(t, b, &theirs, d.Content)
	})
}

func compareContent(t *rapid.T, b []byte, theirs *their.TPDU, c Content) {
	if theirs.PID != c.PID || byte(theirs.DCS) != byte(c.DCS) || !bytes.Equal(theirs.UD, c.Data) {
		t.Fatalf("% X: data % X, want % X", b, theirs.UD, c.Data)
	}
	elements := c.Elements()
	if len(theirs.UDH) != len(elements) {
		t.Fatalf("% X: %v, want %v", b, theirs.UDH, elements)
	}
	for i, e := range elements {
		if theirs.UDH[i].ID != e.ID || !bytes.Equal(theirs.UDH[i].Data, e.Data) {
			t.Fatalf("% X: %v, want %v", b, theirs.UDH, elements)
		}
	}
}

// What the other library gets wrong or refuses, which is why this one exists. When a version mends it, docs/quirks.md
// is to say so.
func TestWarthogsFaults(t *testing.T) {
	refuses := func(what string, d their.Direction, b ...byte) {
		t.Helper()
		theirs := their.TPDU{Direction: d}
		if err := theirs.UnmarshalBinary(b); err == nil {
			t.Errorf("%s: warthog reads it by now", what)
		}
		if _, _, err := Decode(b, Direction(d)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	sent := TimestampOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	deliver := func(dcs byte, sent Timestamp, data ...byte) []byte {
		b := append([]byte{0x04, 0x03, 0x81, 0x21, 0xf3, 0x00, dcs}, sent[:]...)
		return append(b, data...)
	}
	broken := sent
	broken[1] = 0xff
	refuses("a reserved coding group", their.MT, deliver(0x80, sent, 1, 0x41)...)
	refuses("a month that is none", their.MT, deliver(0, broken, 1, 0x41)...)
	refuses("user data cut off", their.MT, deliver(0, sent, 9, 0x41)...)
	refuses("octets behind the user data", their.MT, deliver(0, sent, 1, 0x41, 0xff)...)
	refuses("half a code unit", their.MT, deliver(8, sent, 3, 0, 0x41, 0)...)
	header := deliver(0, sent, 2, 0xf5, 0x01)
	header[0] |= hasHeader
	refuses("a header longer than the data", their.MT, header...)
	odd := deliver(0, sent, 1, 0x41)
	odd[4] = 0x03
	refuses("another digit in the place of the filler", their.MT, odd...)
	refuses("a report that says yes, which has no cause", their.MO, 0x00, 0x00)
	reserved := deliver(0, sent, 1, 0x41)
	reserved[0] |= typeReserved
	refuses("the reserved type", their.MT, reserved...)

	thirteen := sent
	thirteen[1] = 0x31
	misread := their.TPDU{Direction: their.MT}
	if err := misread.UnmarshalBinary(deliver(0, thirteen, 1, 0x41)); err != nil || misread.SCTS.Month() != time.January {
		t.Errorf("month 13: warthog gives %v, %v by now", misread.SCTS, err)
	}
	misread = their.TPDU{Direction: their.MO}
	if err := misread.UnmarshalBinary([]byte{0x00, hasPID, 0x00}); err != nil || misread.FCS != hasPID {
		t.Errorf("a report that says yes, with a protocol identifier: warthog gives the cause %#x, %v by now", misread.FCS, err)
	}

	empty := their.TPDU{Direction: their.MT, FirstOctet: 0x44, OA: their.Address{TOA: 0x81, Addr: "1"}, SCTS: their.Timestamp{Time: time.Unix(0, 0).UTC()},
		UDH: their.UserDataHeader{{ID: 0, Data: []byte{1, 2, 1}}}}
	b, err := empty.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if udl := b[len(b)-7]; udl != 6 {
		t.Errorf("a header without text: warthog gives TP-UDL %d by now", udl)
	}
}
