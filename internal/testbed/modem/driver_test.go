package modem_test

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// terminal is somebody with a terminal program on the modem's port.
type terminal struct {
	t *testing.T
	f *os.File

	mu    sync.Mutex
	heard string
	ended error
}

func open(t *testing.T, m *modem.Modem) *terminal {
	t.Helper()
	fd, err := unix.Open(m.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &terminal{t: t, f: os.NewFile(uintptr(fd), m.Path())}
	t.Cleanup(func() { c.f.Close() })
	go c.listen()
	return c
}

func (c *terminal) listen() {
	b := make([]byte, 4096)
	for {
		n, err := c.f.Read(b)
		c.mu.Lock()
		c.heard += string(b[:n])
		c.ended = err
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send types octets.
func (c *terminal) send(octets string) {
	c.t.Helper()
	if _, err := c.f.WriteString(octets); err != nil {
		c.t.Fatal(err)
	}
}

// expect waits for something, and gives what came up to its end.
func (c *terminal) expect(pattern string) string {
	c.t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		at := re.FindStringIndex(c.heard)
		heard := c.heard
		if at != nil {
			c.heard = c.heard[at[1]:]
		}
		c.mu.Unlock()
		if at != nil {
			return heard[:at[1]]
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%q did not come, but %q", pattern, heard)
		}
	}
}

// ask sends a command and gives what came up to a final result.
func (c *terminal) ask(command string) string {
	c.t.Helper()
	c.send(command + "\r")
	return c.expect(`\r\n(OK|ERROR|COMMAND NOT SUPPORT|\+CM[ES] ERROR: [^\r]*)\r+\n`)
}

// hungUp tells whether the port has been hung up on.
func (c *terminal) hungUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.ended, io.EOF) || errors.Is(c.ended, unix.EIO)
}

func TestDialogue(t *testing.T) {
	for _, p := range modem.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := modem.Start(t, p, modem.Options{PIN: "1234"})
			c := open(t, m)
			if got := c.ask("AT"); got != "AT\r\r\nOK\r\n" {
				t.Errorf("echo and result are %q", got)
			}
			c.ask("ATE0")
			c.ask("AT+CMEE=1")
			c.send("AT+CPIN?\r")
			if c.expect(`\+CPIN: ?SIM PIN\r\n`); !p.PINWithoutOK {
				c.expect("OK\r\n")
			}
			if got := c.ask("AT+CPMS?"); !strings.Contains(got, "+CMS ERROR: 311") {
				t.Errorf("without PIN: %q", got)
			}
			if got := c.ask(`AT+CPIN="4321"`); !strings.Contains(got, "+CME ERROR: 16") {
				t.Errorf("wrong PIN: %q", got)
			}
			c.ask(`AT+CPIN="1234"`)
			if got := c.ask("AT+CREG?"); !strings.Contains(got, "0,1") {
				t.Errorf("registration: %q", got)
			}
			c.ask("AT+CMGF=0")
			c.send("AT+CMGS=18\r")
			c.expect("> $")
			c.send("0011000B915155550521F30000AA04D4F29C0E\x1a") // +15555550123, "Test"
			c.expect(`\+CMGS: ?1\r\n\r\nOK\r\n`)
			sent := m.WaitSent(1)
			if sent[0].Number != "+15555550123" || sent[0].Text != "Test" {
				t.Errorf("sent %+v", sent[0])
			}
		})
	}
}
