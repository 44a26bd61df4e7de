package at

import "strings"

// results end a command (ITU-T V.250 §5.7, and what vendors have instead).
var results = []string{"OK", "ERROR", "ABORTED", "COMMAND NOT SUPPORT", "COMMAND NOT SUPPORTED", "TOO MANY PARAMETERS", "INVALID COMMAND LINE"}

// failures end one with a number or words behind them (3GPP TS 27.007 §9.2, 27.005 §3.2.5).
var failures = []string{"+CME ERROR", "+CMS ERROR"}

// calls end a command that dials; otherwise they tell of somebody else's call.
var calls = []string{"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE", "CONNECT"}

// words are lines without a name that modems say by themselves.
var words = []string{
	"RING", "RDY", "SMS READY", "SMS DONE", "PB DONE", "CALL READY", "NORMAL POWER DOWN", "POWERED DOWN",
	"UNDER-VOLTAGE WARNING", "UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE POWER DOWN", "OVER-VOLTAGE WARNING",
	"OVER-VOLTAGE WARNNING", "OVER-VOLTAGE POWER DOWN", "MODEM BLOCK", "START", "SHUTDOWN",
}

// isFinal reports whether a line ends the command that runs, or one that was given up.
func isFinal(line string, e *exchange) bool {
	line = strings.ToUpper(line)
	for _, r := range results {
		if line == r {
			return e == nil || !e.prompting || r != "OK" // an OK where a prompt is due is that of another command
		}
	}
	for _, f := range failures {
		if line == f || strings.HasPrefix(line, f+":") {
			return true
		}
	}
	return e.dials() && isCall(line)
}

func isCall(line string) bool {
	for _, c := range calls {
		if line == c || c == "CONNECT" && strings.HasPrefix(line, "CONNECT ") {
			return true
		}
	}
	return false
}

func (e *exchange) dials() bool {
	if e == nil || len(e.command) < 3 {
		return false
	}
	return strings.IndexByte("DAO", upper(e.command[2])) >= 0 // ATD, ATA, ATO
}

// isWord reports whether a line without a name is said by modems by themselves.
func isWord(line string) bool {
	line = strings.ToUpper(line)
	for _, w := range words {
		if line == w {
			return true
		}
	}
	return isCall(line)
}

// singles are the commands that one line answers: when it came, the OK can be done without.
var singles = []string{"+CPIN", "+CSQ", "+CREG", "+CGREG", "+CEREG", "+CSCA", "+CPMS", "+CSMS", "+CMGS", "+CMGW", "+CMMS", "+CNMI"}

// single reports whether the only line that answers the command came.
func (e *exchange) single() bool {
	if len(e.names) != 1 || len(e.lines) != 1 {
		return false
	}
	name, _ := Fields(e.lines[0])
	for _, s := range singles {
		if e.names[0] == s {
			return name == s
		}
	}
	return false
}
