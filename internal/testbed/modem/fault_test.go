package modem_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// submit is "Test" to +15555550123, with a report asked for: 18 octets of TPDU.
const submit = "0031000B915155550521F30000AA04D4F29C0E\x1a"

// connect starts a modem without a PIN and without echo, in PDU mode.
func connect(t *testing.T, p modem.Personality, o modem.Options) (*modem.Modem, *terminal) {
	t.Helper()
	m := modem.Start(t, p, o)
	c := open(t, m)
	c.ask("ATE0")
	c.ask("AT+CMEE=1")
	c.ask("AT+CMGF=0")
	return m, c
}

// Each kind of fault, at a command.
func TestFaultsAtACommand(t *testing.T) {
	const right = "\r\n+CSQ: 20,99\r\n"
	for name, c := range map[string]struct {
		fault modem.Fault
		want  string // up to the answer to the next command
	}{
		"silence":          {modem.Silence(), ""},
		"no final result":  {modem.NoOK(), right},
		"an error":         {modem.CME(100), "\r\n+CME ERROR: 100\r\n"},
		"a vendor's error": {modem.Result("COMMAND NOT SUPPORT"), "\r\nCOMMAND NOT SUPPORT\r\n"},
		"a lie":            {modem.Result("OK"), "\r\nOK\r\n"},
		"late":             {modem.Late(30 * time.Millisecond), right + "\r\nOK\r\n"},
		"cut off":          {modem.Cut(4), "\r\n+CSQ: 2\r\n\r\nOK\r\n"},
		"garbage":          {modem.Garbage("\x00\xff\r\n"), "\x00\xff\r\n" + right + "\r\nOK\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m, d := connect(t, modem.SIM800, modem.Options{})
			m.Fail("+CSQ", c.fault)
			d.send("AT+CSQ\rAT+CMGF?\r")
			got := d.expect(`\r\n\+CMGF: 0\r\n\r\nOK\r\n`)
			if want := c.want + "\r\n+CMGF: 0\r\n\r\nOK\r\n"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if got := d.ask("AT+CSQ"); got != right+"\r\nOK\r\n" {
				t.Errorf("and then %q", got)
			}
		})
	}
}

// After Ctrl-Z, what the modem says and what the network has are two things.
func TestFaultsAtSubmit(t *testing.T) {
	for name, c := range map[string]struct {
		at    string
		fault modem.Fault
		sent  int
		want  string
	}{
		"refused":           {"submit", modem.CMS(500), 0, `^\r\n\+CMS ERROR: 500\r\n`},
		"sent and denied":   {"submit", modem.CMS(500).Done(), 1, `^\r\n\+CMS ERROR: 500\r\n`},
		"sent in silence":   {"submit", modem.Silence().Done(), 1, `^`},
		"not sent, silence": {"submit", modem.Silence(), 0, `^`},
		"no OK":             {"submit", modem.NoOK(), 1, `^\r\n\+CMGS: 1\r\n`},
		"late":              {"submit", modem.Late(30 * time.Millisecond), 1, `^\r\n\+CMGS: 1\r\n\r\nOK\r\n`},
		"noise":             {"submit", modem.Garbage("\r\n^RSSI:7\r\n"), 1, `^\r\n\^RSSI:7\r\n\r\n\+CMGS: 1\r\n\r\nOK\r\n`},
		"network's cause":   {"", modem.Fault{}, 0, `^\r\n\+CMS ERROR: 21\r\n`},
	} {
		t.Run(name, func(t *testing.T) {
			m, d := connect(t, modem.SIM800, modem.Options{})
			if c.at != "" {
				m.Fail(c.at, c.fault)
			} else {
				m.Fate("+15555550123", modem.Fate{Refused: 21})
			}
			d.send("AT+CMGS=18\r")
			d.expect("> $")
			d.send(submit)
			d.expect(c.want)
			if got := d.ask("AT"); !strings.HasSuffix(got, "\r\nOK\r\n") {
				t.Errorf("and then %q", got)
			}
			if got := len(m.Sent()); got != c.sent {
				t.Errorf("%d parts were sent", got)
			}
		})
	}
}

func TestPromptNeverComes(t *testing.T) {
	m, c := connect(t, modem.E220, modem.Options{})
	m.Fail("prompt", modem.Silence().Done())
	c.send("AT+CMGS=18\rAT+CMGF?\r\x1b") // the second command becomes text, and ESC ends it
	if got := c.expect("OK\r\n"); strings.Contains(got, "+CMGF") {
		t.Errorf("a modem that waits for a PDU said %q", got)
	}
	m.Fail("prompt", modem.CMS(302))
	if got := c.ask("AT+CMGS=18"); !strings.Contains(got, "+CMS ERROR: 302") {
		t.Errorf("in place of a prompt %q", got)
	}
	m.Fail("prompt", modem.Silence())
	c.send("AT+CMGS=18\r")
	if got := c.ask("AT+CMGF?"); !strings.Contains(got, "+CMGF: 0") {
		t.Errorf("after a command that was forgotten %q", got)
	}
	if n := len(m.Sent()); n != 0 {
		t.Errorf("%d parts were sent", n)
	}
}

// A driver that forgot AT+CMGF=0 has its PDU sent as a text.
func TestTextModeTrap(t *testing.T) {
	m, c := connect(t, modem.SIM800, modem.Options{})
	c.ask("AT+CMGF=1")
	c.send("AT+CMGS=18\r")
	c.expect("> $")
	c.send(submit)
	c.expect("OK\r\n")
	if p := m.WaitSent(1)[0]; p.Number != "18" || !strings.HasPrefix(p.Text, "0031000B91") {
		t.Errorf("sent %+v", p)
	}
}

func TestUnplug(t *testing.T) {
	for _, p := range []modem.Personality{modem.EC25, modem.ES75} {
		t.Run(p.Name, func(t *testing.T) {
			m, c := connect(t, p, modem.Options{})
			before, _ := os.Readlink(m.Path())
			m.Unplug()
			m.Wait("hang-up", c.hungUp)
			if _, err := c.f.WriteString("AT\r"); err == nil {
				t.Error("one can write to a modem that is unplugged")
			}
			if _, err := os.Stat(m.Path()); !os.IsNotExist(err) {
				t.Errorf("the port is still there: %v", err)
			}
			m.Plug()
			if after, _ := os.Readlink(m.Path()); after == "" {
				t.Errorf("no port, after %s", before)
			}
			d := open(t, m)
			echoes := strings.HasPrefix(d.ask("AT"), "AT\r")
			if echoes != p.USB {
				t.Errorf("echo after replugging: %v", echoes)
			}
		})
	}
}

// AT+CFUN=1,1 takes the port of a USB modem away for a while.
func TestRestart(t *testing.T) {
	m, c := connect(t, modem.EC25, modem.Options{PIN: "1234", Scale: 0.001})
	c.ask(`AT+CPIN="1234"`)
	c.ask("AT+CFUN=1,1")
	m.Wait("hang-up", c.hungUp)
	m.Wait("the port", func() bool { _, err := os.Stat(m.Path()); return err == nil })
	d := open(t, m)
	if got := d.ask("AT+CPIN?"); !strings.Contains(got, "SIM PIN") {
		t.Errorf("after a restart: %q", got)
	}
}

func TestUnpluggedWhileSending(t *testing.T) {
	m, c := connect(t, modem.E220, modem.Options{})
	m.Fail("submit", modem.Unplugged().Done())
	c.send("AT+CMGS=18\r")
	c.expect("> $")
	c.send(submit)
	m.Wait("hang-up", c.hungUp)
	if n := len(m.Sent()); n != 1 {
		t.Errorf("%d parts were sent", n)
	}
}

func TestFreeze(t *testing.T) {
	m, c := connect(t, modem.SIM800, modem.Options{})
	m.Freeze(true)
	c.send("AT\r")
	time.Sleep(20 * time.Millisecond)
	c.f.Close()
	time.Sleep(50 * time.Millisecond) // the modem sees it within 5 ms
	d := open(t, m)
	if got := d.ask("AT"); got != "\r\nOK\r\n" {
		t.Errorf("after reopening: %q", got)
	}
	m.Freeze(false)
	d.send("AT\r")
	time.Sleep(20 * time.Millisecond)
	m.Thaw()
	if got := d.ask("AT+CMGF?"); got != "\r\n+CMGF: 0\r\n\r\nOK\r\n" {
		t.Errorf("after thawing: %q", got)
	}
}

func TestChunks(t *testing.T) {
	m, c := connect(t, modem.MTCBA, modem.Options{Chunk: 3})
	if got := c.ask("AT+CSQ"); got != "\r\n+CSQ: 20,99\r\n\r\nOK\r\n" {
		t.Errorf("%q", got)
	}
	if m.Count("at+csq") != 1 {
		t.Errorf("commands: %q", m.Commands())
	}
}

func TestLuck(t *testing.T) {
	var steps []string
	_, c := connect(t, modem.SIM800, modem.Options{Luck: func(step string) *modem.Fault {
		steps = append(steps, step)
		if step == "submit" {
			f := modem.CMS(42)
			return &f
		}
		return nil
	}})
	c.send("AT+CMGS=18\r")
	c.expect("> $")
	c.send(submit)
	c.expect(`\+CMS ERROR: 42\r\n`)
	if got := strings.Join(steps, " "); got != "E +CMEE= +CMGF= +CMGS= prompt submit" {
		t.Errorf("steps are %q", got)
	}
}

// Quirks that belong to no model here, on a copy of one.
func TestBorrowedQuirks(t *testing.T) {
	p := modem.SIM800
	p.ListsTwice, p.FullBlocks, p.LineEnd = true, true, "\r\r\n"
	m, c := connect(t, p, modem.Options{Size: 1})
	m.Receive("+15555550123", "one")
	c.expect(`\r\r\n\+CMTI: "SM",1\r\r\n`)
	if got := c.ask("AT+CMGL=4"); strings.Count(got, "+CMGL: 1,") != 2 || !strings.HasPrefix(got, "\r\r\n+CMGL") {
		t.Errorf("%q", got)
	}
	if got := c.ask("AT+CMGS=18"); !strings.Contains(got, "+CMS ERROR: 322") {
		t.Errorf("%q", got)
	}
}
