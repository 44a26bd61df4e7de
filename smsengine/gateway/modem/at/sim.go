package at

import "strings"

// PIN is what a SIM waits for (3GPP TS 27.007 §8.3), as it came, in capitals. Only SIMPIN may be answered with the
// SIM's PIN.
type PIN string

// The states that matter. There are more, of the phone's locks.
const (
	Ready   PIN = "READY"
	SIMPIN  PIN = "SIM PIN"
	SIMPUK  PIN = "SIM PUK"
	SIMPIN2 PIN = "SIM PIN2" // for services that texts do not need
	SIMPUK2 PIN = "SIM PUK2"
)

// Open reports whether texts can be sent and read: PIN2 and PUK2 do not hinder them.
func (p PIN) Open() bool { return p == Ready || p == SIMPIN2 || p == SIMPUK2 }

// ParsePIN reads the answer to AT+CPIN?.
func ParsePIN(a Answer) (PIN, error) {
	line, fields := a.named("+CPIN")
	state := strings.Join(strings.Fields(strings.ToUpper(text(fields, 0))), " ")
	if state == "" || strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ2- ") != "" {
		return "", formError("+CPIN", line)
	}
	return PIN(state), nil
}

// TriesCommands ask how many tries are left for a PIN: the standard's, then those of Huawei, Quectel, SIMCom, Wavecom
// and Siemens. A modem that has none says so with an error.
var TriesCommands = []string{"AT+CPINR", "AT^CPIN?", `AT+QPINC="SC"`, "AT+SPIC", "AT+CPINC", "AT^SPIC"}

// tries says at which place an answer has the tries for PIN and PUK; -1 where it has none.
var tries = map[string]struct{ pin, puk int }{
	"^CPIN":  {3, 2},  // state, tries, PUK, PIN, PUK2, PIN2
	"+QPINC": {1, 2},  // "SC", PIN, PUK
	"+SPIC":  {0, 1},  // PIN, PUK, PIN2, PUK2
	"+CPINC": {0, 2},  // PIN, PIN2, PUK, PUK2
	"^SPIC":  {0, -1}, // of what is asked for: ask it only while that is the PIN
}

// ParseTries reads the answer to AT+CPINR (3GPP TS 27.007 §8.65) or another of TriesCommands: how many tries are left
// for SIMPIN and SIMPUK, as far as it tells.
func ParseTries(a Answer) (map[PIN]int, error) {
	left := make(map[PIN]int)
	for _, line := range a.Lines {
		name, fields := Fields(line)
		if n := number(fields, 1); name == "+CPINR" && n >= 0 {
			left[PIN(strings.ToUpper(text(fields, 0)))] = n
		}
		places, ok := tries[name]
		if !ok || name == "+QPINC" && !strings.EqualFold(text(fields, 0), "SC") {
			continue
		}
		if n := number(fields, places.pin); n >= 0 {
			left[SIMPIN] = n
		}
		if n := number(fields, places.puk); n >= 0 {
			left[SIMPUK] = n
		}
	}
	if len(left) == 0 {
		return nil, formError("+CPINR", a.Line("+CPINR"))
	}
	return left, nil
}

// ParseLock reads the answer to AT+CLCK="SC",2 (3GPP TS 27.007 §7.4): whether the lock is on, for any class.
func ParseLock(a Answer) (on bool, err error) {
	found := false
	for _, line := range a.Lines {
		if name, fields := Fields(line); name == "+CLCK" && number(fields, 0) >= 0 {
			found, on = true, on || number(fields, 0) == 1
		}
	}
	if !found {
		return false, formError("+CLCK", a.Line("+CLCK"))
	}
	return on, nil
}

// ParseIdentity reads the answer to AT+CGMI, AT+CGMM, AT+CGMR and their like: words, with or without a name, in one
// line or several.
func ParseIdentity(a Answer) string {
	var words []string
	for _, line := range a.Lines {
		name, fields := Fields(line)
		if name == "" || len(fields) == 0 {
			fields = parameters(line)
		}
		for _, f := range fields {
			words = append(words, strings.Fields(printable(f.Text))...)
		}
	}
	return strings.Join(words, " ")
}

// ParseIMEI reads the answer to AT+CGSN: 14 to 17 digits.
func ParseIMEI(a Answer) (string, error) { return digitsOf(a, "+CGSN", 14, 17) }

// ParseIMSI reads the answer to AT+CIMI: 6 to 15 digits.
func ParseIMSI(a Answer) (string, error) { return digitsOf(a, "+CIMI", 6, 15) }

// ParseICCID reads the answer to AT+CCID, AT+ICCID and the like: 18 to 20 digits, which begin with 89 (ITU-T E.118).
// Some modems give them as they are on the SIM, the digits of each pair the other way round.
func ParseICCID(a Answer) (string, error) {
	id, err := digitsOf(a, "+CCID", 18, 20)
	if err == nil && strings.HasPrefix(id, "98") {
		swapped := []byte(id)
		for i := 0; i+1 < len(id); i += 2 {
			swapped[i], swapped[i+1] = id[i+1], id[i]
		}
		id = string(swapped)
	}
	return id, err
}

// digitsOf finds a number with so many digits, filler at its end not counted.
func digitsOf(a Answer, name string, least, most int) (string, error) {
	for _, line := range a.Lines {
		for _, piece := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("\",: \t", r) }) {
			piece = strings.TrimRight(strings.ToUpper(piece), "F")
			if len(piece) >= least && len(piece) <= most && strings.Trim(piece, "0123456789") == "" {
				return piece, nil
			}
		}
	}
	return "", formError(name, a.Line(name))
}

// ParseServiceCentre reads the answer to AT+CSCA? (3GPP TS 27.005 §3.3.1): a number, with a plus sign if its type says
// that it is international. Without a number there is none, which is no error.
func ParseServiceCentre(a Answer) (string, error) {
	line, fields := a.named("+CSCA")
	if len(fields) == 0 {
		return "", formError("+CSCA", line)
	}
	n := strings.ReplaceAll(fromUCS2(text(fields, 0)), " ", "")
	if n != "" && !strings.HasPrefix(n, "+") && number(fields, 1)&^0x0f == 0x90 {
		n = "+" + n
	}
	if strings.Trim(strings.TrimPrefix(n, "+"), "0123456789*#") != "" {
		return "", formError("+CSCA", line)
	}
	return n, nil
}
