package at

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// USSD is what the network says in a dialogue by codes such as *100# (3GPP TS 27.007 §7.15).
type USSD struct {
	Status USSDStatus
	Text   string // empty if there is none
	DCS    int    // the cell broadcast data coding scheme; -1 if not told
}

// USSDStatus says how the dialogue goes on.
type USSDStatus int

// The states.
const (
	USSDDone       USSDStatus = iota // no answer is wanted
	USSDAsks                         // an answer is wanted: go on or cancel with AT+CUSD=2
	USSDEnded                        // by the network
	USSDElsewhere                    // another client of the phone answered
	USSDUnknown                      // the operation is not supported
	USSDNoResponse                   // the network timed out
)

// ParseUSSD reads a +CUSD. Its text comes as it is, or in hexadecimal digits of UCS-2 or of packed septets, whatever
// the coding scheme and the modem's character set make of it: a text is taken for digits where nothing else makes
// sense of it.
func ParseUSSD(u Unsolicited) (USSD, error) {
	name, _ := Fields(u.Line)
	_, after, _ := strings.Cut(u.Line, ":")
	status, rest, _ := strings.Cut(after, ",")
	n, err := strconv.Atoi(strings.TrimSpace(status))
	if err != nil || n < 0 || n > int(USSDNoResponse) || name != "+CUSD" {
		return USSD{}, &FormError{Name: "+CUSD"} // without the line: it is private
	}
	d := USSD{Status: USSDStatus(n), DCS: -1}
	text, scheme := rest, ""
	if first, last := strings.IndexByte(rest, '"'), strings.LastIndexByte(rest, '"'); first < last {
		text, scheme = rest[first+1:last], strings.TrimLeft(rest[last+1:], ", ")
	} else if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
		text, scheme = rest[:comma], rest[comma+1:]
	}
	if n, err := strconv.Atoi(strings.TrimSpace(scheme)); err == nil && n >= 0 && n <= 255 {
		d.DCS = n
	}
	d.Text = strings.TrimSpace(decodeUSSD(strings.Trim(text, `"`), d.DCS))
	return d, nil
}

func decodeUSSD(text string, dcs int) string {
	octets, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(octets) < 2 {
		return text
	}
	if ucs2(dcs) {
		if decoded, ok := decodeUCS2(strings.TrimSpace(text)); ok {
			return decoded
		}
		return text
	}
	if decoded := fromUCS2(text); decoded != text {
		return decoded
	}
	if !strings.ContainsAny(text, "ABCDEFabcdef") { // digits may be meant as such
		return text
	}
	decoded, err := sms.Text(tpdu.Unpack(octets, 0, len(octets)*8/7), nil)
	decoded = strings.TrimRight(decoded, "\r@") // filler (3GPP TS 23.038 §6.1.2.3.1)
	if err != nil || strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' || r > 0x7f }) {
		return text
	}
	return decoded
}

// ucs2 reports whether a cell broadcast data coding scheme has UCS-2 (3GPP TS 23.038 §5).
func ucs2(dcs int) bool { return dcs == 0x11 || dcs >= 0x40 && dcs < 0x80 && dcs&0x0c == 0x08 }
