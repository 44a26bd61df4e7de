package modem_test

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// What each model says its own way, word by word, to a driver that has given no PIN
// of a card that asks for none.
func TestQuirks(t *testing.T) {
	const ok = "\r\n\r\nOK\r\n"
	for _, c := range []struct {
		p            modem.Personality
		command, say string
	}{
		{modem.E220, "AT+NONSENSE", "\r\nCOMMAND NOT SUPPORT\r\n"},
		{modem.E220, "AT+CMMS=1", "\r\n+CMS ERROR: 500\r\n"},
		{modem.E220, "AT^CURC=0", "\r\nOK\r\n"},
		{modem.E220, "AT^CPIN?", "\r\n^CPIN: READY,,10,3,10,3" + ok},
		{modem.E220, "AT+CPMS=?", "\r\n" + `+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")` + ok},
		{modem.E1556, "AT+CNMI?", "\r\n+CNMI:1,4,0,0,0" + ok},
		{modem.E1556, "AT+CREG?", "\r\n+CREG:0,1" + ok},
		{modem.E1556, "AT+CPMS?", "\r\n" + `+CPMS:"ME",0,23,"ME",0,23,"SM",0,50` + ok},
		{modem.ES75, "AT+CNMI=?", "\r\n+CNMI: (0-3),(0-3),(0,2,3),(0-2),(1)" + ok},
		{modem.ES75, "AT+CNMI=2,1,0,2,0", "\r\n+CMS ERROR: 302\r\n"},
		{modem.ES75, "AT+CNMA", "\r\nERROR\r\n"},
		{modem.ES75, "AT+CMGR=1", "\r\n+CMGR: 0,,0\r\n" + ok},
		{modem.ES75, "AT^SPIC", "\r\n^SPIC: 3" + ok},
		{modem.MTCBA, "AT+CPMS=?", "\r\n" + `+CPMS: (("SM","BM","SR"),("SM"))` + ok},
		{modem.MTCBA, `AT+CPMS="SM","SM","SM"`, "\r\n+CMS ERROR: 302\r\n"},
		{modem.MTCBA, `AT+CPMS="SM","SM"`, "\r\n+CPMS: 0,15,0,15" + ok},
		{modem.MTCBA, "AT+CNMI=3,1", "\r\nOK\r\n"},
		{modem.MTCBA, "AT+CPINC?", "\r\n+CPINC: 3,3,10,10" + ok},
		{modem.SIM800, "AT+CNMI=2,1,0,2", "\r\n+CMS ERROR: 302\r\n"},
		{modem.SIM800, "AT+CMGR=3", "\r\nOK\r\n"},
		{modem.SIM800, "AT+CSMINS?", "\r\n+CSMINS: 0,1" + ok},
		{modem.EC25, "AT+CMGR=3", "\r\n+CMS ERROR: 321\r\n"},
		{modem.EC25, "AT+CNMA", "\r\n+CMS ERROR: 340\r\n"},
		{modem.EC25, "AT+CPINR", "\r\n+CPINR: SIM PIN,3,3\r\n+CPINR: SIM PUK,10,10" + ok},
		{modem.EC25, "AT+CEREG?", "\r\n+CEREG: 0,1" + ok},
		{modem.SIM800.Without("+CPIN"), "AT+CMGF?", "\r\n+CMGF: 0" + ok},
		{modem.SIM800.Without("+CSQ"), "AT+CSQ", "\r\nERROR\r\n"},
		{modem.SIM800.With("+CSQ", "+CSQ:99"), "AT+CSQ", "\r\n+CSQ:99" + ok},
	} {
		t.Run(c.p.Name+" "+c.command, func(t *testing.T) {
			c.p.Chatter = nil
			_, d := connect(t, c.p, modem.Options{})
			if got := d.ask(c.command); got != c.say {
				t.Errorf("%q, want %q", got, c.say)
			}
		})
	}
}

// A Wavecom answers AT+CPIN? without a final result, and is busy while it reads the SIM.
func TestWavecomPIN(t *testing.T) {
	p := modem.MTCBA
	p.Times.Boot = 0 // it hears from the first octet
	_, c := connect(t, p, modem.Options{PIN: "1234", Scale: 0.01})
	c.send("AT+CPIN?\rAT\r")
	if got := c.expect("OK\r\n"); got != "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n" {
		t.Errorf("%q", got)
	}
	c.ask(`AT+CPIN="1234"`)
	if got := c.ask("AT+CPMS?"); !strings.Contains(got, "+CME ERROR: 515") {
		t.Errorf("at once: %q", got)
	}
	c.expect(`\+WIND: 4\r\n`)
	if got := c.ask("AT+CPMS?"); !strings.Contains(got, "+CPMS: ") {
		t.Errorf("when the SIM is read: %q", got)
	}
}

// Chatter comes between a command and its answer, until it is switched off.
func TestChatter(t *testing.T) {
	_, c := connect(t, modem.E220, modem.Options{})
	said := ""
	for range 9 {
		said += c.ask("AT")
	}
	if !strings.Contains(said, "^DSFLOWRPT:") || !strings.Contains(said, "^RSSI:") {
		t.Errorf("only %q", said)
	}
	c.ask("AT^CURC=0")
	said = ""
	for range 9 {
		said += c.ask("AT")
	}
	if strings.Contains(said, "^") {
		t.Errorf("still %q", said)
	}
}

// With <mode> 0 indications wait.
func TestBufferedIndications(t *testing.T) {
	m, c := connect(t, modem.E220, modem.Options{})
	c.ask("AT+CNMI=0,1,0,0,0")
	m.Receive("+15555550123", "one")
	if got := c.ask("AT+CNMI?"); strings.Contains(got, "+CMTI") {
		t.Errorf("%q", got)
	}
	c.send("AT+CNMI=2,1,0,0,0\r")
	c.expect(`\r\nOK\r\n\r\n\+CMTI: "SM",0\r\n`)
}
