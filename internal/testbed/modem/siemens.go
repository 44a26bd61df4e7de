package modem

import (
	"fmt"
	"time"
)

// ES75 is the Siemens (later Cinterion) ES75 terminal: the module MC75 or AC75
// with a serial port, 2006. "Manual" is the AC75 AT Command Set V01.002 unless
// said otherwise.
var ES75 = Personality{
	Name: "Siemens ES75", Manufacturer: "SIEMENS", Model: "MC75", Revision: "REVISION 03.001",
	Times: Times{
		Answer: 20 * time.Millisecond, Prompt: 50 * time.Millisecond, Send: 3500 * time.Millisecond, Report: 5 * time.Second,
		SIM:  10 * time.Second, // "wait 10 sec after PIN input" (manual of the M20, AT+CPIN)
		Boot: 3 * time.Second,
	},
	LineEnd: "\r\n", Space: " ", Prompt: "\r\n> ", Unknown: "ERROR",
	Boot:    []string{"^SYSSTART"}, // manual: with autobauding off
	SIMGone: []string{"+CME ERROR: SIM not inserted"},
	TriesLeft: func(pin, puk int) []string { // AT^SPIC counts for what is asked for (reference of the same command set)
		if pin == 0 {
			return []string{fmt.Sprintf("^SPIC: %d", puk)}
		}
		return []string{fmt.Sprintf("^SPIC: %d", pin)}
	},
	InitBusy: 258, // "phone is busy" while it reads the SIM (debian-user, 2005-09, an MC35i)
	Cell:     `,"0145","54B6"`,
	// Buffered indications are always cleared: <bfr> is 1 (manual of the Siemens
	// family, A30880-A10-A001: AT+CNMI).
	CNMI: "(0-3),(0-3),(0,2,3),(0-2),(1)", Indications: [5]int{0, 0, 0, 0, 1},
	Phase2Direct: true,    // manual, AT+CNMI: mt 2 and 3 and ds 1 in phase 2+ only
	NoAck:        "ERROR", // manual, AT+CNMA: only with AT+CSMS=1
	Memories:     [][]string{{"SM", "ME", "MT"}, {"SM", "ME", "MT"}, {"SM", "ME", "MT"}},
	Memory:       [3]string{"SM", "SM", "SM"}, Sizes: map[string]int{"SM": 30, "ME": 25},
	FirstIndex: 1, Alpha: ",",
	EmptyPlace: "+CMGR: 0,,0", // gammu's AT driver, which takes it for an empty place
	Commands: map[string]handler{
		"^SPIC": triesLeft, "^SCID": cardNumber("^SCID: "), "^SMSO": ok, "^SCFG": ok,
	},
}
