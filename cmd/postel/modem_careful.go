package main

import "strings"

// refusal says why the console does not send a command.
type refusal struct {
	command, why string
	texts        bool // --texts allows it; else only --anything does
}

func (r *refusal) Error() string {
	option := "--anything"
	if r.texts {
		option = "--texts"
	}
	return "not sent: " + r.command + " " + r.why + "; " + option + " sends it all the same"
}

// careful looks at a command line before it goes to a modem: nil if nothing in it
// can change anything lasting, cost money, use up a try for a PIN, or lose a text.
// What is not known to be harmless is refused. A refusal names the command, and
// never what stands behind it.
func careful(line string) *refusal {
	rest, ok := cutFold(line, "AT")
	if !ok {
		return &refusal{command: "this", why: "does not begin with AT"}
	}
	for rest = strings.TrimLeft(rest, " ;"); rest != ""; rest = strings.TrimLeft(rest, " ;") {
		var one string
		one, rest = firstCommand(strings.ToUpper(rest))
		if r := judge(one); r != nil {
			return r
		}
	}
	return nil
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// firstCommand cuts a line behind its first command (ITU-T V.250 §5.2): an extended
// one goes to the semicolon, a basic one is a letter with its number. Dialling
// takes all.
func firstCommand(line string) (one, rest string) {
	end := 1
	switch {
	case line[0] == 'D':
		end = len(line)
	case line[0] >= 'A' && line[0] <= 'Z', line[0] == '&' && len(line) > 1:
		if line[0] == '&' {
			end = 2
		}
		for end < len(line) && strings.IndexByte("0123456789=?", line[end]) >= 0 {
			end++
		}
	default:
		quoted := false
		for end < len(line) && (quoted || line[end] != ';') {
			quoted = quoted != (line[end] == '"')
			end++
		}
	}
	return line[:end], line[end:]
}

// judge looks at one command, in capitals.
func judge(one string) *refusal {
	name, value := one, ""
	if i := strings.IndexAny(one, "=?"); i >= 0 {
		name, value = one[:i], one[i:]
	}
	name, value = strings.TrimSpace(name), strings.ReplaceAll(value, " ", "")
	basic := one[0] >= 'A' && one[0] <= 'Z' || one[0] == '&'
	switch {
	case basic && harmlessBasic(one), len(name) > 1 && !basic && (value == "?" || value == "=?"):
		return nil
	case !basic && value == "" && has(harmlessAlone, name):
		return nil
	case !basic && value != "" && has(harmlessSet, name), harmlessHere(name, value):
		return nil
	case has(sends, name):
		return &refusal{command: "AT" + name, why: "sends or stores a text, which may cost money", texts: true}
	}
	name = bare(one)
	why, known := harmful[name]
	if !known {
		why = "is not known to be harmless"
	}
	return &refusal{command: "AT" + name, why: why}
}

// bare gives the name alone: what stands behind it may be a PIN, with an equals
// sign forgotten.
func bare(one string) string {
	if one[0] == 'D' {
		return "D"
	}
	end := 1
	for end < len(one) && one[end] >= 'A' && one[end] <= 'Z' {
		end++
	}
	return one[:end]
}

func has(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

// harmlessBasic is for echo, identity, hanging up, and showing what is set.
func harmlessBasic(one string) bool {
	switch strings.TrimRight(one, "0123456789") {
	case "E", "I", "H", "&V":
		return true
	}
	return one[0] == 'S' && strings.HasSuffix(one, "?")
}

// harmlessHere is for commands where it depends on the value.
func harmlessHere(name, value string) bool {
	values := strings.Split(strings.TrimPrefix(value, "="), ",")
	switch name {
	case "+CLCK":
		return len(values) == 2 && values[1] == "2" // is it locked?
	case "+COPS":
		return values[0] == "3" // how operators are named
	case "+CFUN":
		return value == "=1" // on
	case "+CNMI":
		return value != "" && (len(values) < 2 || values[1] != "2" && values[1] != "3")
	}
	return false
}

const (
	// harmlessAlone are questions without a question mark.
	harmlessAlone = `+CGMI +CGMM +CGMR +CGSN +GMI +GMM +GMR +GSN +GCAP +CIMI +CNUM +CSQ +CESQ +CPAS +CEER +CLAC +CBC +CLCC +CMGL
		+CPINR +CPINC +SPIC ^SPIC ^CPIN +QPINC +CCID +ICCID +QCCID ^ICCID ^SCID ^SYSINFO ^SYSINFOEX ^HCSQ +QNWINFO`
	// harmlessSet are questions with a value, and settings that the next start of the modem forgets.
	harmlessSet = `+CMGL +CMGR +CPINR +QPINC +CMEE +CREG +CGREG +CEREG +CPMS +CMGF +CSMS +CMMS +CSCS +CSDH +CLIP +CRC +CIND +CMER
		+CUSD +WIND ^CURC`
	sends = "+CMGS +CMGW +CMSS +CMGC"
)

// harmful are commands with a reason better than that nobody knows.
var harmful = map[string]string{
	"Z": "makes the modem forget its settings", "&F": "makes the modem forget its settings", "&W": "keeps settings for good",
	"D": "calls a number, which may cost money", "S": "may set a register for good",
	"+CPIN": "uses up a try if the PIN is wrong: three wrong PINs block the SIM card, ten wrong PUKs destroy it",
	"+CLCK": "locks or unlocks, and uses up a try if the password is wrong", "+CPWD": "changes a PIN or password",
	"^CPIN": "uses up a try if the PIN is wrong", "^CARDLOCK": "can lock the modem for good",
	"+CFUN": "switches the modem off or restarts it", "+CPOF": "switches the modem off", "+CPOWD": "switches the modem off",
	"+QPOWD": "switches the modem off", "^SMSO": "switches the modem off", "^RESET": "restarts the modem",
	"+CMGD": "deletes texts, which may be stored nowhere else", "+CMGDA": "deletes texts, which may be stored nowhere else",
	"+QMGDA": "deletes texts, which may be stored nowhere else",
	"+CNMA":  "confirms a text that is stored nowhere", "+CNMI": "would have texts come here that are stored nowhere",
	"+CSCA": "changes the service centre on the SIM card", "+CSAS": "changes the SIM card", "+CRES": "changes settings",
	"+CSMP": "has changed the service centre in some modems",
	"+COPS": "binds the modem to a network, or takes it out", "+IPR": "changes the speed of the line, perhaps for good",
	"+CMUX": "makes the line something that this console does not speak", "+CRSM": "can write to the SIM card", "+CSIM": "can write to the SIM card",
	"+CPBW": "changes the phone book",
}
