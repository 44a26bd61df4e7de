package modem

import (
	"fmt"
	"time"
)

// SIM800 is the SIMCom SIM800 and SIM800L, a GSM module of 2013 on a serial port.
// "Manual" is the SIM800 Series AT Command Manual V1.09.
var SIM800 = Personality{
	Name: "SIMCom SIM800", Manufacturer: "SIMCOM_Ltd", Model: "SIMCOM_SIM800L", Revision: "Revision:1418B05SIM800L24",
	Times: Times{
		Answer: 10 * time.Millisecond, Prompt: 30 * time.Millisecond, Send: 3 * time.Second, Report: 4 * time.Second,
		SIM: 5 * time.Second, Boot: 3 * time.Second,
	},
	LineEnd: "\r\n", Space: " ", Prompt: "\r\n> ", Unknown: "ERROR",
	Interrupts: true,
	Boot:       []string{"RDY", "+CFUN: 1"},                         // manual; logs of any tracker
	SIMReady:   []string{"+CPIN: READY", "Call Ready", "SMS Ready"}, // GPRS_SIM900 issue 39
	SIMGone:    []string{"+CPIN: NOT INSERTED"},                     // manual
	NeedsSIM:   map[string]bool{"+CMGF": true, "+CNMI": true},       // GPRS_SIM900 issue 39: AT+CMGF fails before "SMS Ready"
	TriesLeft: func(pin, puk int) []string {
		return []string{fmt.Sprintf("+SPIC: %d,%d,3,10", pin, puk)} // manual, AT+SPIC
	},
	Cell: `,"0145","54B6"`,
	// ds 2 is not supported: reports come as +CDS or not at all (python-gsmmodem issue 60).
	CNMI: "(0-3),(0-3),(0,2),(0,1),(0,1)", Indications: [5]int{2, 1, 0, 0, 0},
	NoAck:    "+CMS ERROR: 340",
	Memories: [][]string{{"SM", "ME", "SM_P"}, {"SM", "ME", "SM_P"}, {"SM", "ME", "SM_P"}}, // manual of the SIM900: SM_P prefers the SIM
	Memory:   [3]string{"SM", "SM", "SM"}, Sizes: map[string]int{"SM": 10, "ME": 50},
	FirstIndex: 1, Alpha: `,""`, // a quoted, empty alpha (common on SIMCom)
	EmptyPlace: "OK", // no text, no error: common on SIMCom
	Commands: map[string]handler{
		"+SPIC": triesLeft, "+CCID": cardNumber(""), "+CSMINS?": insertion, "+CMTE": ok, "+CSCLK": ok,
	},
}

// insertion is AT+CSMINS?: whether a card is there.
func insertion(m *Modem, c command) reply {
	if m.sim == nil {
		return answers("+CSMINS: 0,0")
	}
	return answers("+CSMINS: 0,1")
}
