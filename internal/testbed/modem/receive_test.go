package modem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

func TestPUK(t *testing.T) {
	m := modem.Start(t, modem.ES75, modem.Options{PIN: "1234"})
	c := open(t, m)
	c.ask("ATE0;+CMEE=1")
	for _, step := range []struct{ command, want string }{
		{"AT+CPIN=1111", "+CME ERROR: 16"},
		{"AT^SPIC", "^SPIC: 2"},
		{"AT+CPIN=1111", "+CME ERROR: 16"},
		{"AT+CPIN=1111", "+CME ERROR: 16"},
		{"AT+CPIN?", "+CPIN: SIM PUK"},
		{"AT+CPIN=1234", "+CME ERROR: 12"}, // a PIN is no PUK, and not tried
		{"AT+CPIN=87654321,1234", "+CME ERROR: 16"},
		{`AT+CPIN="12345678","4321"`, "OK"},
		{"AT+CPIN?", "+CPIN: READY"},
	} {
		if got := c.ask(step.command); !strings.Contains(got, step.want) {
			t.Errorf("%s: %q, want %q", step.command, got, step.want)
		}
	}
	if pin, puk := m.SIM().Left(); pin != 3 || puk != 10 {
		t.Errorf("%d tries for the PIN, %d for the PUK", pin, puk)
	}
	if n := len(m.SIM().Attempts()); n != 5 {
		t.Errorf("%d attempts", n)
	}
}

func TestStoredText(t *testing.T) {
	var gone int
	m, c := connect(t, modem.E220, modem.Options{Size: 2, Forgot: func([]byte) { gone++ }})
	c.ask("AT+CNMI=2,1,0,2,0")
	m.Receive("+15555550123", "one")
	c.expect(`\+CMTI: "SM",0\r\n`)
	m.Fail("+CMTI", modem.Silence())
	m.Receive("+15555550123", "two")
	m.Receive("+15555550123", "three")
	c.expect(`\^SMMEMFULL:"SM"`)
	if m.Waiting() != 1 {
		t.Errorf("%d texts wait in the network", m.Waiting())
	}
	if got := c.ask("AT+CMGL=4"); strings.Count(got, "+CMGL: ") != 2 || !strings.Contains(got, "+CMGL: 1,0,,") {
		t.Errorf("listed %q", got)
	}
	if gone != 0 {
		t.Errorf("%d texts are gone before anybody deleted them", gone)
	}
	m.Fail("+CMGD", modem.Result("OK")) // a lie
	c.ask("AT+CMGD=1")
	if used, _ := m.Stored("SM"); used != 2 {
		t.Errorf("%d texts are left", used)
	}
	c.ask("AT+CMGD=1")
	c.expect(`\+CMTI: "SM",1\r\n`)
	if gone != 1 {
		t.Errorf("%d texts are gone", gone)
	}
}

func TestDuplicate(t *testing.T) {
	m, c := connect(t, modem.E220, modem.Options{})
	c.ask("AT+CNMI=2,1")
	m.Fail("deliver", modem.Twice())
	m.Receive("+15555550123", "again")
	c.expect(`\+CMTI: "SM",0\r\n`)
	c.expect(`\+CMTI: "SM",1\r\n`)
	if m.Waiting() != 0 {
		t.Errorf("%d texts wait in the network", m.Waiting())
	}
}

// Texts that go directly to the driver want AT+CNMA, or are stored in the end.
func TestDirectText(t *testing.T) {
	m, c := connect(t, modem.EC25, modem.Options{AckTime: 100 * time.Millisecond})
	c.ask("AT+CSMS=1")
	c.ask("AT+CNMI=2,2,0,1,0")
	m.Receive("+15555550123", "one")
	m.Receive("+15555550123", "two")
	c.expect(`\+CMT: ,\d+\r\n[0-9A-F]+\r\n`)
	if m.Waiting() != 2 {
		t.Errorf("%d texts wait, and none is acknowledged", m.Waiting())
	}
	c.ask("AT+CNMA")
	c.expect(`\+CMT: ,\d+\r\n[0-9A-F]+\r\n`)
	m.Wait("storage", func() bool { n, _ := m.Stored("ME"); return n == 1 })
	if got := c.ask("AT+CNMI?"); !strings.Contains(got, "+CNMI: 2,0,0,0,0") {
		t.Errorf("without AT+CNMA: %q", got)
	}
	if got := c.ask("AT+CNMA"); !strings.Contains(got, "+CMS ERROR: 340") {
		t.Errorf("nothing to acknowledge: %q", got)
	}
}

func TestDirectNeedsPhase2OnSiemens(t *testing.T) {
	_, c := connect(t, modem.ES75, modem.Options{})
	if got := c.ask("AT+CNMI=2,2,0,1,1"); !strings.Contains(got, "+CMS ERROR: 302") {
		t.Errorf("%q", got)
	}
	c.ask("AT+CSMS=1")
	if got := c.ask("AT+CNMI=2,2,0,1,1"); got != "\r\nOK\r\n" {
		t.Errorf("%q", got)
	}
}

func TestReports(t *testing.T) {
	m, c := connect(t, modem.EC25, modem.Options{})
	c.ask("AT+CNMI=2,1,0,1,0")
	send := func() {
		c.send("AT+CMGS=18\r")
		c.expect("> $")
		c.send(submit)
	}
	m.Fate("+15555550123", modem.Fate{Status: []byte{0x30, 0x46}})
	send()
	c.expect(`\+CMGS: 1\r\n\r\nOK\r\n`)
	c.expect(`\+CDS: 25\r\n\w+30\r\n`)
	c.expect(`\+CDS: 25\r\n\w+46\r\n`)
	if m.Sent()[0].Arrived {
		t.Error("a text that expired has arrived")
	}
	m.Fate("+15555550123", modem.Fate{Early: true, As: "5555550123"})
	send()
	c.expect(`\+CDS: 24\r\n\w+06020A815555551032\w+00\r\n`)
	c.expect(`\+CMGS: 2\r\n\r\nOK\r\n`)
	m.Fate("+15555550123", modem.Fate{Lost: true})
	send()
	c.expect(`\+CMGS: 3\r\n\r\nOK\r\n`)
	m.Report(m.Sent()[2], 0)
	c.expect(`\+CDS: 25\r\n\w+00\r\n`)
}

func TestNetwork(t *testing.T) {
	m, c := connect(t, modem.E220, modem.Options{})
	c.ask("AT+CREG=2")
	m.Register(3)
	c.expect(`\+CREG: 3\r\n`)
	c.send("AT+CMGS=18\r")
	c.expect("> $")
	c.send(submit)
	c.expect(`\+CMS ERROR: 331`)
	m.Receive("+15555550123", "one")
	if m.Waiting() != 1 {
		t.Error("a modem that is not registered received a text")
	}
	c.ask("AT+CNMI=2,1")
	m.Register(5)
	c.expect(`\+CREG: 5, "2F3A", "1C4B"\r\n`)
	c.expect(`\+CMTI: "SM",0\r\n`)
	sim := m.SIM()
	m.RemoveSIM()
	if got := c.ask("AT+CPIN?"); !strings.Contains(got, "+CME ERROR: 10") {
		t.Errorf("without a card: %q", got)
	}
	m.InsertSIM(sim)
	if got := c.ask("AT+CMGL=4"); !strings.Contains(got, "+CMGL: 0,") {
		t.Errorf("the card's texts: %q", got)
	}
}

func TestUSSD(t *testing.T) {
	o := modem.Options{USSD: map[string]string{"*100#": "Balance 12.34"}}
	_, c := connect(t, modem.SIM800, o)
	c.ask(`AT+CUSD=1,"*100#",15`)
	c.expect(`\+CUSD: 0,"Balance 12.34",15\r\n`)
	_, c = connect(t, modem.E220, o)
	c.ask(`AT+CUSD=1,"AA180C3602",15`)
	c.expect(`\+CUSD: 0,"C2303B2C1E97CBA0194CE683C100",15\r\n|\+CUSD: 0,"[0-9A-F]{24}",15\r\n`)
}

func TestTextMode(t *testing.T) {
	m, c := connect(t, modem.SIM800, modem.Options{})
	c.ask("AT+CMGF=1")
	at := time.Date(2026, 11, 23, 12, 30, 15, 0, time.FixedZone("", -5*3600))
	m.Deliver(modem.Incoming{From: "Example", Text: "grüße", At: at})
	c.expect(`\+CMTI: "SM",1\r\n`)
	if got, want := c.ask(`AT+CMGL="ALL"`), "\r\n"+`+CMGL: 1,"REC UNREAD","Example",,"26/11/23,12:30:15-20"`+"\r\ngrüße\r\n\r\nOK\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.ask("AT+CNMI=2,2,0,1,0")
	m.Deliver(modem.Incoming{From: "+15555550123", Text: "hi", At: at})
	c.expect(`\+CMT: "\+15555550123",,"26/11/23,12:30:15-20"\r\nhi\r\n`)
}
