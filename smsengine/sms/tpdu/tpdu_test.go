package tpdu

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// same reports whether two TPDUs say the same, empty data being none.
func same(a, b TPDU) bool {
	for _, t := range []TPDU{a, b} {
		if c := contentOf(t); len(c.Data) == 0 {
			c.Data = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

func contentOf(t TPDU) *Content {
	switch t := t.(type) {
	case *Deliver:
		return &t.Content
	case *Submit:
		return &t.Content
	case *StatusReport:
		return &t.Content
	case *DeliverReport:
		return &t.Content
	case *SubmitReport:
		return &t.Content
	}
	return nil
}

// What is written reads as it was meant, without a flaw, and as a line, too, with and without a service centre.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		direction := MobileTerminated
		var original TPDU
		switch rapid.IntRange(0, 4).Draw(t, "type") {
		case 0:
			original, direction = drawSubmit(t), MobileOriginated
		case 1:
			original = drawDeliver(t)
		case 2:
			report := &StatusReport{
				More: rapid.Bool().Draw(t, "MMS"), OfCommand: rapid.Bool().Draw(t, "SRQ"), Ref: rapid.Byte().Draw(t, "MR"),
				To: drawAddress(t, false), Sent: drawTimestamp(t), Done: drawTimestamp(t), Status: rapid.Byte().Draw(t, "ST"),
			}
			if rapid.Bool().Draw(t, "content") {
				report.Content = drawContent(t)
			}
			original = report
		case 3:
			original, direction = &DeliverReport{Failure: drawFailure(t), Content: drawContent(t)}, MobileOriginated
		case 4:
			original = &SubmitReport{Failure: drawFailure(t), Sent: drawTimestamp(t), Content: drawContent(t)}
		}
		b, err := original.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, flaws, err := Decode(b, direction)
		if err != nil || len(flaws) > 0 {
			t.Fatalf("% X: %v %v", b, err, flaws)
		}
		if !same(original, read) {
			t.Fatalf("% X:\n%+v\n%+v", b, original, read)
		}

		var service Address
		if rapid.Bool().Draw(t, "service centre") {
			service = Address{TOA: International, Value: rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "SC")}
		}
		digits, length, err := FormatLine(service, original)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range []int{length, -1} {
			line, err := ParseLine(digits, said, direction)
			if err != nil || len(line.Flaws) > 0 || line.Service != service || !same(original, line.TPDU) {
				t.Fatalf("%s, %d: %v %v %+v", digits, said, err, line.Flaws, line)
			}
		}
		if line, err := ParseTPDU(hex.EncodeToString(b), direction); err != nil || len(line.Flaws) > 0 || !same(original, line.TPDU) {
			t.Fatalf("%X alone: %v %+v", b, err, line)
		}
		if line, err := ParseLine(hex.EncodeToString(b), length, direction); err != nil || !same(original, line.TPDU) {
			t.Fatalf("%X without a service centre: %v %+v", b, err, line)
		}
	})
}

func drawFailure(t *rapid.T) byte {
	if rapid.Bool().Draw(t, "failure") {
		return rapid.ByteMin(0x80).Draw(t, "FCS")
	}
	return 0
}

// Whatever is cut off or changed is never more than an error.
func TestDamage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := drawDeliver(t).Encode()
		if err != nil {
			t.Fatal(err)
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			if len(b) > 0 {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
			}
		}
		checkReading(t, b)
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

// checkReading holds what is read to its promises, whatever the octets are.
func checkReading(t failer, b []byte) {
	for _, d := range []Direction{MobileTerminated, MobileOriginated} {
		given := bytes.Clone(b)
		read, flaws, err := Decode(b, d)
		if !bytes.Equal(given, b) {
			t.Fatalf("% X was changed", given)
		}
		if (read == nil) == (err == nil) {
			t.Fatalf("% X: %v and %v", b, read, err)
		}
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Field == "" || e.Octet < 0 || e.Octet > len(b) {
				t.Fatalf("% X: %v", b, err)
			}
			continue
		}
		for _, f := range flaws {
			if f.Octet < 0 || f.Octet >= len(b) {
				t.Fatalf("% X: %v", b, f)
			}
		}
		c := contentOf(read)
		text, err := c.Text()
		if err == nil && strings.ToValidUTF8(text, "") != text {
			t.Fatalf("% X: %q", b, text)
		}
		c.Purpose()
		c.Concat()
		c.OwnHeader()
		again, err := read.Encode()
		if err != nil {
			continue // it may be read, and yet not be written
		}
		twice, more, err := Decode(again, d)
		if err != nil || len(more) > 0 || len(flaws) == 0 && !same(read, twice) {
			t.Fatalf("% X was written as % X: %v %v\n%+v\n%+v", b, again, err, more, read, twice)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "00", "0B", "040B915155550521F300006230102100004005E8329BFD06",
		"44048121430008623010210000400C050003010202D83DDE00",
		"01000B915155550521F3000005E8329BFD06", "51000B915155550521F30000AA05E8329BFD06",
		"0607049121436230102100004062301021000040000700F503414243",
		"0007D0D37A5AEE05006230102100004001C1", "4000811100F562301021000040FF06050B8423F0000102",
	} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkReading(t, b) })
}

func FuzzParseLine(f *testing.F) {
	f.Add("0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B", 36, true)
	f.Add("0001000B915155550521F3000005E8329BFD06", 18, false)
	f.Add("\"07 91\" 4", -1, true)
	f.Fuzz(func(t *testing.T, digits string, length int, terminated bool) {
		d := MobileOriginated
		if terminated {
			d = MobileTerminated
		}
		line, err := ParseLine(digits, length, d)
		if (line.TPDU == nil) == (err == nil) {
			t.Fatalf("%q: %v and %v", digits, line.TPDU, err)
		}
	})
}
