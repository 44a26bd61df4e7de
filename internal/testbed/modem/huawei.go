package modem

import (
	"fmt"
	"time"
)

// The chatter of Huawei's sticks on their first port, until AT^CURC=0: signal,
// mode and traffic (manual: HUAWEI UMTS Datacard Modem AT Command Interface
// Specification, 2009, ^RSSI, ^MODE, ^DSFLOWRPT; ^BOOT is in the logs of many
// trackers, whose numbers differ).
var huaweiChatter = []string{"^RSSI:18", "^BOOT:34391097,0,0,0,72", "^DSFLOWRPT:0000000A,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800"}

func silenceChatter(m *Modem, c command) reply {
	if c.form == "=?" {
		return answers("^CURC: (0-1)")
	}
	m.chats = c.value != "0"
	return done
}

// huaweiFull is said when a text comes and there is no room (ModemManager's Huawei
// plugin, which ignores it).
func huaweiFull(memory string) string { return fmt.Sprintf(`^SMMEMFULL:"%s"`, memory) }

// huaweiTries answers AT^CPIN? (manual: ^CPIN: <state>,<tries>,<PUK>,<PIN>,<PUK2>,<PIN2>).
func huaweiTries(pin, puk int) []string {
	state, times := "READY", ""
	switch {
	case pin == 0:
		state, times = "SIM PUK", fmt.Sprint(puk)
	case pin < pinTries:
		state, times = "SIM PIN", fmt.Sprint(pin)
	}
	return []string{fmt.Sprintf("^CPIN: %s,%s,%d,%d,10,3", state, times, puk, pin)}
}

var huaweiTimes = Times{
	Answer: 5 * time.Millisecond, Prompt: 20 * time.Millisecond, Send: 2500 * time.Millisecond,
	Report: 4 * time.Second, SIM: 4 * time.Second, Boot: 8 * time.Second,
}

// E220 is the Huawei E220, a UMTS stick of 2006.
var E220 = Personality{
	Name: "Huawei E220", Manufacturer: "huawei", Model: "E220", Revision: "11.117.09.00.00",
	USB: true, Times: huaweiTimes, LineEnd: "\r\n", Space: " ", Prompt: "\r\n> ",
	Unknown:    "COMMAND NOT SUPPORT", // a final result of its own (smstools and gammu know it, too)
	Interrupts: true, Chatter: huaweiChatter,
	TriesLeft: huaweiTries, PUKAtOnce: true,
	SIMReady: []string{"^SRVST:2", "^SIMST:1"}, SIMGone: []string{"^SIMST:255"}, // manual
	Cell: `, "2F3A", "1C4B"`, Access: ",2", // a blank before each part, unlike TS 27.007 (ModemManager's tests of +CREG)
	CNMI:        "(0-2),(0-3),(0,2),(0-2),(0,1)", // common; the same is in gammu issue 408
	Indications: [5]int{0, 0, 0, 0, 0},
	NoAck:       "+CMS ERROR: 340",                                                      // common
	Memories:    [][]string{{"SM", "ME"}, {"SM", "ME"}, {"SM", "ME"}},                   // without SR: reports are texts
	Memory:      [3]string{"SM", "SM", "SM"}, Sizes: map[string]int{"SM": 20, "ME": 23}, // ME 23: gammu issue 126, an E1752
	FirstIndex: 0, Alpha: ",", EmptyPlace: "", Full: huaweiFull,
	PackedUSSD: true, // gammu's phone database: encoded USSD
	Commands: map[string]handler{
		"^CURC": silenceChatter, "^PORTSEL": ok, // gammu gives up on a Huawei that refuses it
		"^CPIN?":   triesLeft,
		"^SYSINFO": text("^SYSINFO:2,3,0,5,1"),
		"+CMMS":    rejectsMMS,
		"+CNMA=?":  nil,
	},
}

// rejectsMMS is AT+CMMS on Huawei's sticks: refused with 500, and texts are sent
// all the same (gammu issue 138, an E1752).
func rejectsMMS(m *Modem, c command) reply { return fails("+CMS ERROR", 500) }

// E1556 is the Huawei E1556, an HSDPA stick of 2009.
var E1556 = func() Personality {
	p := E220
	p.Name, p.Model, p.Revision = "Huawei E1556", "E1556", "11.609.10.02.00"
	p.Cell, p.Access = `,2F3A,1C4B`, ",2" // unquoted (ModemManager's and gammu's tests of +CREG)
	// Vendor default 1,4 after each restart, which indicates nothing: what was set is
	// lost with the power (manual of the EM770W, §15).
	p.Indications = [5]int{1, 4, 0, 0, 0}
	p.CNMI = "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)" // gammu issue 408, as a list and not a range
	p.Memory = [3]string{"ME", "ME", "SM"}           // mem3 differs from mem1: +CMTI names what AT+CMGR does not read
	p.Space = ""                                     // "+CREG:0,1": the space is missing on many sticks
	p.Sizes = map[string]int{"SM": 50, "ME": 23}     // gammu issue 126
	p.KeepsReports = true
	return p
}()
