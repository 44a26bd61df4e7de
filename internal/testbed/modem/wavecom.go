package modem

import (
	"fmt"
	"time"
)

// MTCBA is the MultiTech MTCBA-G-F2, a Wavecom Q24 with a serial port, 2003.
// "Manual" is MultiTech's S000293, Wireless GSM/GPRS AT Commands, or Wavecom's
// WM_DEV_OAT_UGD_049 of 2007.
var MTCBA = Personality{
	Name: "MultiTech MTCBA-G-F2", Manufacturer: " WAVECOM MODEM", Model: " MULTIBAND  900E  1800",
	Revision: "640a09gm.Q2406A 1268872 042903 15:06",
	Times: Times{
		Answer: 30 * time.Millisecond, Prompt: 60 * time.Millisecond, Send: 4 * time.Second, Report: 6 * time.Second,
		SIM: 6 * time.Second, Boot: 2 * time.Second,
	},
	LineEnd: "\r\n", Space: " ", Prompt: "\r\n> ", Unknown: "ERROR",
	// Indications come behind a command and before its answer, or after it, and not
	// in the middle (manual: Unsolicited Message Syntax).
	SIMReady: []string{"+WIND: 7", "+WIND: 4"}, Boot: []string{"+WIND: 1"}, SIMGone: []string{"+WIND: 0"},
	PINWithoutOK: true, // manual, AT+CPIN: "does not end its response with the OK string"
	InitBusy:     515,  // manual §2.5: "Please wait, init in progress"; again after AT+CFUN=1
	TriesLeft: func(pin, puk int) []string {
		return []string{fmt.Sprintf("+CPINC: %d,3,%d,10", pin, puk)} // manual, AT+CPINC
	},
	Cell: `,"0145","54B6"`,
	CNMI: "(0-2),(0-3),(0,2),(0-2),(0,1)", Indications: [5]int{0, 1, 0, 0, 0},
	AnyMode: true, // manual §17.2.4: only mode 2 is supported, every other is accepted
	NoAck:   "+CMS ERROR: 340",
	// Two memories and not three, in one more pair of brackets; BM is broadcasts (manual, AT+CPMS).
	Memories: [][]string{{"SM", "BM", "SR"}, {"SM"}}, OuterBrackets: true,
	Memory: [3]string{"SM", "SM", "SM"}, Sizes: map[string]int{"SM": 15, "BM": 20, "SR": 50},
	FirstIndex: 1, Alpha: ",",
	Commands: map[string]handler{
		"+WIND": ok, "+CPINC": triesLeft, "+CCID": cardNumber("+CCID: "), "+CPINC?": triesLeft,
		"+CFUN=": func(m *Modem, c command) reply {
			r := function(m, c)
			if r.result == "OK" && m.cfun == 1 && m.lock() == ready {
				m.readSIM() // and refuses with 515 meanwhile
			}
			return r
		},
	},
}
