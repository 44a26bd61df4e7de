package modem

import (
	"fmt"
	"time"
)

// EC25 is the Quectel EC25, an LTE module on USB, 2016. "Manual" is the EC25&EC21
// AT Commands Manual.
var EC25 = Personality{
	Name: "Quectel EC25", Manufacturer: "Quectel", Model: "EC25", Revision: "EC25EFAR06A06M4G",
	USB: true,
	Times: Times{
		Answer: 5 * time.Millisecond, Prompt: 10 * time.Millisecond, Send: 1500 * time.Millisecond, Report: 3 * time.Second,
		SIM: 4 * time.Second, Boot: 12 * time.Second,
	},
	LineEnd: "\r\n", Space: " ", Prompt: "\r\n> ", Unknown: "ERROR",
	Interrupts: true,
	Boot:       []string{"RDY"}, // manual: URC list
	SIMReady:   []string{"+CPIN: READY", "+QIND: SMS DONE", "+QIND: PB DONE"},
	SIMGone:    []string{"+CPIN: NOT INSERTED"},
	TriesLeft: func(pin, puk int) []string {
		return []string{fmt.Sprintf(`+QPINC: "SC",%d,%d`, pin, puk), `+QPINC: "P2",3,10`} // manual, AT+QPINC
	},
	Cell: `,"2F3A","1C4B02A",7`, Access: ",7", // LTE: a fourth and fifth value
	CNMI: "(0-2),(0-3),(0,2),(0-2),(0,1)", Indications: [5]int{2, 1, 0, 0, 0}, // common
	NoAck:    "+CMS ERROR: 340", // manual, AT+CNMA: the second one
	Memories: [][]string{{"ME", "SM", "SR"}, {"ME", "SM"}, {"ME", "SM"}},
	Memory:   [3]string{"ME", "ME", "ME"}, Sizes: map[string]int{"SM": 50, "ME": 255, "SR": 20}, // 255: gammu issue 408
	FirstIndex: 0, Alpha: ",",
	Commands: map[string]handler{
		"+CEREG": registering, "+QPINC": triesLeft, "+QPINC?": triesLeft, "+QCCID": cardNumber("+QCCID: "),
		"+ICCID": cardNumber("+ICCID: "), "+QINDCFG": ok, "+QURCCFG": ok, "+QCFG": ok, "+CPINR": remaining,
	},
}

// remaining is AT+CPINR (TS 27.007 §8.65).
func remaining(m *Modem, c command) reply {
	if m.sim == nil {
		return fails("+CME ERROR", 10)
	}
	pin, puk := m.sim.Left()
	return answers(fmt.Sprintf("+CPINR: SIM PIN,%d,3", pin), fmt.Sprintf("+CPINR: SIM PUK,%d,10", puk))
}
