package tpdu

import (
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/sms"
)

// sent is 1 March 2026, 12:34:56, two hours east of Greenwich.
const sent = "62301021436580"

// What networks and modems send, and what is made of it.
func TestTolerantReading(t *testing.T) {
	const from = "04" + "0B91" + "5155550521F3"
	const begin = from + "0000" + sent // of a text in the default alphabet
	for _, c := range []struct {
		name   string
		digits string
		length int
		from   string
		text   string
		flaws  string // parts of them, by commas
	}{
		{"as it should be", "0891945155050000F1" + begin + "05E8329BFD06", 24, "+15555550123", "hello", ""},
		{"small letters", "0891945155050000f1" + strings.ToLower(begin+"05E8329BFD06"), 24, "+15555550123", "hello", ""},
		{"no service centre told", "00" + begin + "05E8329BFD06", 24, "+15555550123", "hello", ""},
		{"no octet for the service centre", begin + "05E8329BFD06", 24, "+15555550123", "hello", ""},
		{"the same, length not known", begin + "05E8329BFD06", -1, "+15555550123", "hello", ""},
		{"service centre counted", "0891945155050000F1" + begin + "05E8329BFD06", 33, "+15555550123", "hello", "PDU at octet 0: 24 octets, where the modem says 33"},
		{"half an octet too many", "00" + begin + "05E8329BFD06A", 24, "+15555550123", "hello", "half an octet"},
		{"padded like a SIM record", "00" + begin + "05E8329BFD06" + strings.Repeat("FF", 9), 24, "+15555550123", "hello", "33 octets, 9 octets too many"},
		{"user data cut off", "00" + begin + "0AE8329BFD06", 24, "+15555550123", "hello", "5 of 9 octets"},
		{"no user data length", "00" + begin, 18, "+15555550123", "", "TP-UDL at octet 18: missing"},
		{"no user data", "00" + begin + "00", 19, "+15555550123", "", ""},
		{"letters that are not packed", "00" + begin + "0A68656C6C6F68656C6C6F", 29, "+15555550123", "hellohello", "octets where packed"},
		{"header longer than the data", "00" + "44" + begin[2:] + "05E8329BFD06", 24, "+15555550123", "hello", "TP-UDH"},
		{"header with an element too long", "00" + "44" + begin[2:] + "09" + "0300FF01" + "10A33BCD", 27, "+15555550123", "", "malformed"},
		{"header of a language not known", "00" + "44" + begin[2:] + "08" + "032401FF" + "90B3DB", 26, "+15555550123", "", ""},
		{"the reserved type", "00" + "07" + begin[2:] + "05E8329BFD06", 24, "+15555550123", "hello", "TP-MTI"},
		{"a number with other filler", "00" + "040B915155550521" + "03" + "0000" + sent + "05E8329BFD06", 24, "+15555550123", "hello", "filler is wanted"},
		{"filler in a number", "00" + "040C81" + "5155F50521F3" + "0000" + sent + "05E8329BFD06", 24, "1555550123", "hello", "filler between"},
		{"filler counted", "00" + "040481" + "21F3" + "0000" + sent + "05E8329BFD06", 20, "123", "hello", ""},
		{"a type without its highest bit", "00" + "040B115155550521F3" + "0000" + sent + "05E8329BFD06", 24, "+15555550123", "hello", "highest bit"},
		{"a short code", "00" + "040581" + "2143F5" + "0000" + sent + "05E8329BFD06", 21, "12345", "hello", ""},
		{"an empty sender", "00" + "040080" + "0000" + sent + "05E8329BFD06", 18, "", "hello", ""},
		{"a name", "00" + "0407D0" + "C161B308" + "0000" + sent + "05E8329BFD06", 22, "ACME", "hello", ""},
		{"a name counted in whole octets", "00" + "040ED0" + "E8329BFD9EDD00" + "0000" + sent + "05E8329BFD06", 25, "hello37", "hello", ""},
		{"a date that is none", "00" + from + "0000" + "62F01021436580" + "05E8329BFD06", 24, "+15555550123", "hello", "is no time"},
		{"UCS-2 with an emoji", "00" + from + "0008" + sent + "04D83DDE00", 23, "+15555550123", "\U0001f600", ""},
		{"UCS-2 with half an emoji", "00" + from + "0008" + sent + "02D83D", 21, "+15555550123", "\ufffd", ""},
		{"UCS-2 with half a code unit", "00" + from + "0008" + sent + "03004100", 22, "+15555550123", "A", "half a code unit"},
		{"a reserved coding group", "00" + from + "0080" + sent + "05E8329BFD06", 24, "+15555550123", "hello", ""},
		{"digits with spaces and quotes", "\"00 " + begin + " 05E8329BFD06\"\r\n", 24, "+15555550123", "hello", ""},
	} {
		line, err := ParseLine(c.digits, c.length, MobileTerminated)
		d, ok := line.TPDU.(*Deliver)
		if err != nil || !ok {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		text, err := d.Text()
		if err != nil || c.text != "" && text != c.text || d.From.String() != c.from {
			t.Errorf("%s: %q from %q, %v", c.name, text, d.From, err)
		}
		var flaws []string
		for _, f := range line.Flaws {
			flaws = append(flaws, f.Error())
		}
		all := strings.Join(flaws, "; ")
		if (c.flaws == "") != (all == "") {
			t.Errorf("%s: flaws %q", c.name, all)
		}
		for _, part := range strings.Split(c.flaws, ", ") {
			if !strings.Contains(all, part) && !strings.Contains(all, c.flaws) {
				t.Errorf("%s: flaws %q, want %q", c.name, all, part)
			}
		}
	}
}

func TestNothingToDeliver(t *testing.T) {
	for _, c := range []struct {
		name, digits string
		direction    Direction
		err          string
	}{
		{"nothing", "", MobileTerminated, "SC address at octet 0: 0 of 1 octets are there"},
		{"a service centre alone", "0891945155050000F1", MobileTerminated, "TP-MTI at octet 9: 0 of 1"},
		{"cut in the address", "00040B9151", MobileTerminated, "TP-OA at octet 4: 1 of 6"},
		{"cut in the time", "00040B915155550521F300006230", MobileTerminated, "TP-SCTS at octet 12: 2 of 7"},
		{"no digits", "00ZZ", MobileTerminated, "PDU at octet 1: not hexadecimal"},
		{"a command", "000200", MobileOriginated, "TP-MTI at octet 2: 2 is neither"},
		{"a novel", strings.Repeat("00", 600), MobileTerminated, "too long"},
	} {
		line, err := ParseLine(c.digits, -1, c.direction)
		if line.TPDU != nil || err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, %v, want %s", c.name, line.TPDU, err, c.err)
		}
	}
}

func TestParseTPDU(t *testing.T) {
	line, err := ParseTPDU("00038121f30000"+sent+"01410", MobileTerminated)
	if err != nil || line.TPDU.Name() != "deliver" || len(line.Flaws) != 1 {
		t.Errorf("%+v, %v", line, err)
	}
	for _, bad := range []string{"", "0", "xx", "0003"} {
		if line, err := ParseTPDU(bad, MobileTerminated); err == nil || line.TPDU != nil {
			t.Errorf("%q: %+v", bad, line)
		}
	}
}

func TestStatusReport(t *testing.T) {
	const report = "06" + "2A" + "0B91" + "5155550521F3" + sent + "62301021931180"
	for _, c := range []struct {
		name, digits string
		class        sms.Class
		flawed       bool
	}{
		{"delivered", report + "00", sms.OK, false},
		{"network specific", report + "7F", sms.Temporary, false},
		{"permanent", report + "43", sms.Permanent, false},
		{"with a protocol identifier", report + "00" + "0100", sms.OK, false},
		{"with data", report + "00" + "07" + "0000" + "05E8329BFD06", sms.OK, false},
		{"promising more than is there", report + "00" + "07", sms.OK, true},
		{"padded", report + "00" + "FFFFFF", sms.OK, true},
	} {
		line, err := ParseLine("00"+c.digits, -1, MobileTerminated)
		r, ok := line.TPDU.(*StatusReport)
		if err != nil || !ok || r.Ref != 0x2a || r.To.String() != "+15555550123" || r.Cause().Class != c.class || len(line.Flaws) > 0 != c.flawed {
			t.Errorf("%s: %+v %v %v", c.name, line.TPDU, line.Flaws, err)
			continue
		}
		sent, _ := r.Sent.Time()
		done, _ := r.Done.Time()
		if done.Sub(sent) != 4*time.Minute+15*time.Second {
			t.Errorf("%s: sent %v, done %v", c.name, sent, done)
		}
	}
}

func TestTimestamp(t *testing.T) {
	east := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		octets Timestamp
		want   time.Time
		wrong  bool
	}{
		{Timestamp{0x62, 0x30, 0x10, 0x21, 0x43, 0x65, 0x80}, time.Date(2026, 3, 1, 12, 34, 56, 0, east), false},
		{Timestamp{0x99, 0x21, 0x13, 0x32, 0x95, 0x95, 0x00}, time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{Timestamp{0x98, 0x21, 0x13, 0x32, 0x95, 0x95, 0x00}, time.Date(2089, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{Timestamp{0x62, 0x30, 0x10, 0x21, 0, 0, 0x8a}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", -7*3600)), false},
		{Timestamp{0x62, 0x30, 0x10, 0x21, 0, 0, 0xff}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), true},
		{Timestamp{0x62, 0x30, 0x10, 0x21, 0, 0, 0x75}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), true}, // 57 quarters
		{Timestamp{0x62, 0x30, 0x10, 0x21, 0x06, 0xff, 0x00}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), true},
		{Timestamp{0x62, 0x20, 0x92}, time.Time{}, true},    // 29 February
		{Timestamp{0x62, 0x31, 0x10}, time.Time{}, true},    // month 13
		{Timestamp{0xff, 0x30, 0x10}, time.Time{}, true},    // filler
		{Timestamp{0x62, 0x30, 0, 0x21}, time.Time{}, true}, // day 0
		{Timestamp{}, time.Time{}, true},
	} {
		got, err := c.octets.Time()
		if !got.Equal(c.want) || (err != nil) != c.wrong {
			t.Errorf("% X: %v, %v", c.octets, got, err)
		}
		if err == nil {
			if again := TimestampOf(got); again != c.octets {
				t.Errorf("% X: written as % X", c.octets, again)
			}
		}
	}
	if got := TimestampOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 20*60))); got[6] != 0x10 || got[4] != 0x55 {
		t.Errorf("a zone between two quarters: % X", got)
	}
}
