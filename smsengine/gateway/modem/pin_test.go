package modem_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// pinned is a configuration with a PIN.
func pinned(m *emulator.Modem, pin string) modem.Config {
	c := lively(m)
	c.PIN = modem.PIN(pin)
	return c
}

// A wrong PIN is tried once, whatever is started how often and how long it runs; the
// right one is used then.
func TestWrongPINIsTriedOnce(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			o := quick()
			o.Pins = filepath.Join(t.TempDir(), "pins")
			for range 3 {
				g := begin(t, pinned(m, "4321"), o)
				eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "not tried again") })
				asked := m.Count("AT+CPIN?")
				eventually(t, g, "it goes on looking", func() bool { return m.Count("AT+CPIN?") > asked+2 })
				if isReady(g) {
					t.Error("ready")
				}
				m.Unplug()
				m.Plug()
				eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "not tried again") })
				g.Close()
			}
			if got := m.SIM().Attempts(); !slices.Equal(got, []string{"4321"}) {
				t.Fatalf("PINs tried: %q", got)
			}
			g := begin(t, pinned(m, "1234"), o)
			mustSend(t, g, m)
			if a := alarm(t, g, "pin"); a != "" {
				t.Errorf("still an alarm: %q", a)
			}
		})
	}
}

// A PIN that was right is sent at every start, and until it is wrong.
func TestRightPINBecomesWrong(t *testing.T) {
	m := emulator.Start(t, emulator.E220, emulator.Options{PIN: "1234"})
	o := quick()
	o.Pins = filepath.Join(t.TempDir(), "pins")
	for n := 1; n <= 4; n++ {
		g := begin(t, pinned(m, "1234"), o)
		ready(t, g)
		g.Close()
		m.Unplug()
		if n == 4 {
			m.SIM().PIN = "5678" // a person has changed it
		}
		m.Plug()
	}
	for range 2 {
		g := begin(t, pinned(m, "1234"), o)
		eventually(t, g, "alarm", func() bool { return alarm(t, g, "pin") != "" })
		g.Close()
	}
	if got := m.SIM().Attempts(); len(got) != 5 {
		t.Errorf("PINs tried: %q", got)
	}
}

// Without a PIN in the configuration none is guessed.
func TestNoPIN(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{PIN: "1234"})
	g := begin(t, lively(m), quick())
	eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "set pin") })
	if got := m.SIM().Attempts(); len(got) != 0 {
		t.Errorf("PINs tried: %q", got)
	}
}

// The last try belongs to people.
func TestLastTryIsNotRisked(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			o := quick()
			o.Pins = filepath.Join(t.TempDir(), "pins")
			for _, pin := range []string{"0001", "0002"} {
				g := begin(t, pinned(m, pin), o)
				eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "not tried again") })
				g.Close()
			}
			g := begin(t, pinned(m, "1234"), o)
			eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "only one try left") })
			if r, _ := reading(t, g, "pin_tries_left"); r.Value != 1 {
				t.Errorf("tries left: %v", r.Value)
			}
			if pin, _ := m.SIM().Left(); pin != 1 {
				t.Errorf("tries left: %d", pin)
			}
		})
	}
}

// Where nobody knows what came of a PIN, a person decides.
func TestUnclearPIN(t *testing.T) {
	p := emulator.SIM800.Without("+SPIC")
	m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
	m.Fail("+CPIN=", emulator.Silence())
	o := quick()
	o.Pins = filepath.Join(t.TempDir(), "pins")
	g := begin(t, pinned(m, "1234"), o)
	eventually(t, g, "sent", func() bool { return m.Count("AT+CPIN=") == 1 })
	g.Close()
	g = begin(t, pinned(m, "1234"), o)
	eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), `"postel modem forget-pin modem"`) })
	if n := m.Count("AT+CPIN="); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	if n, err := modem.ForgetPIN(o.Pins, "modem"); n != 1 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	mustSend(t, g, m)
}

// A modem that says OK to a PIN, and whose card asks for it still, gets no second one.
func TestOKIsNotEnough(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{PIN: "1234"})
	m.Fail("+CPIN=", emulator.Result("OK").Times(-1))
	o := quick()
	o.Pins = filepath.Join(t.TempDir(), "pins")
	for range 2 {
		g := begin(t, pinned(m, "1234"), o)
		eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "not tried again") })
		g.Close()
	}
	if n := m.Count("AT+CPIN="); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

// A card that asks for its PUK gets nothing.
func TestPUKIsNeverSent(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			p.TriesLeft = func(int, int) []string { return nil } // so that all are used up
			p := p.Without("+CPINR")
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			o := quick()
			o.Pins = filepath.Join(t.TempDir(), "pins")
			for _, pin := range []string{"0001", "0002", "0003"} {
				g := begin(t, pinned(m, pin), o)
				eventually(t, g, "alarm", func() bool { return alarm(t, g, "pin")+alarm(t, g, "puk") != "" })
				g.Close()
			}
			g := begin(t, pinned(m, "1234"), o)
			eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "puk"), "PUK") && alarm(t, g, "pin") == "" })
			if _, puk := m.SIM().Left(); puk != 10 || len(m.SIM().Attempts()) != 3 {
				t.Errorf("%d tries left for the PUK; tried: %q", puk, m.SIM().Attempts())
			}
		})
	}
}

// A person who knows better has a PIN tried again.
func TestForgottenPIN(t *testing.T) {
	for _, of := range []string{"modem", "8988303000000614227", "004999010640000"} {
		m := emulator.Start(t, emulator.EC25, emulator.Options{PIN: "1234"})
		o := quick()
		o.Pins = filepath.Join(t.TempDir(), "pins")
		g := begin(t, pinned(m, "4321"), o)
		eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "not tried again") })
		if n, err := modem.ForgetPIN(o.Pins, "other"); n != 0 || err != nil {
			t.Errorf("forgot %d, %v", n, err)
		}
		m.Unplug()
		m.ChangePIN("4321") // what nobody but its owner can do
		if n, err := modem.ForgetPIN(o.Pins, of); n != 1 || err != nil {
			t.Errorf("forgot %d of %s, %v", n, of, err)
		}
		m.Plug()
		mustSend(t, g, m)
	}
	if n, err := modem.ForgetPIN(filepath.Join(t.TempDir(), "none"), "modem"); n != 0 || err != nil {
		t.Errorf("without a file: %d, %v", n, err)
	}
}

// Whatever happens at the step at which a PIN is sent, however often the service
// begins anew and whatever the modem can tell: no wrong PIN is sent twice, and the
// right one opens the card in the end where the modem tells of its tries.
func TestNoWrongPINTwice(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 1))
			p := emulator.Personalities[chance.IntN(len(emulator.Personalities))]
			counts := chance.IntN(3) > 0
			if !counts {
				p.TriesLeft = func(int, int) []string { return nil }
				p = p.Without("+CPINR")
			}
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			o := quick()
			o.AT.Wait, o.AT.Probe = 60*time.Millisecond, 30*time.Millisecond
			o.Pins = filepath.Join(t.TempDir(), "pins")
			for range 1 + chance.IntN(4) {
				rush(t, m, o, chance)
			}
			wrong := len(slices.DeleteFunc(m.SIM().Attempts(), func(pin string) bool { return pin == "1234" }))
			if left, _ := m.SIM().Left(); wrong > 1 || left < 2 {
				t.Fatalf("PINs tried: %q, tries left: %d", m.SIM().Attempts(), left)
			}
			if counts {
				mustSend(t, begin(t, pinned(m, "1234"), o), m)
			}
		})
	}
}

// rush starts a gateway with one of two PINs and has its sending go wrong, and
// closes it some time soon.
func rush(t *testing.T, m *emulator.Modem, o modem.Options, chance *rand.Rand) {
	faults := []emulator.Fault{
		emulator.Silence(), emulator.Silence().Done(), emulator.Unplugged(), emulator.CME(14), emulator.CME(100).Done(),
		emulator.NoOK(), emulator.Garbage("\r\nRDY\r\n"), emulator.Result("ERROR"), emulator.Result("ERROR").Done(), emulator.Late(80 * time.Millisecond),
	}
	if chance.IntN(3) > 0 {
		m.Fail("+CPIN=", faults[chance.IntN(len(faults))])
	}
	g := begin(t, pinned(m, []string{"4321", "1234"}[chance.IntN(2)]), o)
	sent, kill := len(m.SIM().Attempts()), chance.IntN(2) == 0
	for end := time.Now().Add(time.Duration(chance.IntN(100)) * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if isReady(g) || alarm(t, g, "pin") != "" || kill && len(m.SIM().Attempts()) > sent {
			break
		}
	}
	g.Close()
	m.Mend("+CPIN=")
	m.Unplug()
	m.Plug()
}

// The PIN is in no file, log, error or health, whatever goes wrong.
func TestPINIsSecret(t *testing.T) {
	m := emulator.Start(t, emulator.E220, emulator.Options{PIN: "1234"})
	var log logBook
	o := quick()
	o.Pins, o.Log = filepath.Join(t.TempDir(), "pins"), log.logger()
	c := pinned(m, "86427531")
	c.Dialogue = modem.DialogueFull
	g := begin(t, c, o)
	eventually(t, g, "alarm", func() bool { return alarm(t, g, "pin") != "" })
	err := sendOne(t, g, "nothing")
	said := fmt.Sprintf("%+v %+v %#v %v", health(t, g), c, c, err)
	g.Close()
	book, ferr := os.ReadFile(o.Pins)
	if ferr != nil || !bytes.Contains(book, []byte("8988")) && !bytes.Contains(book, []byte("00499901")) {
		t.Errorf("%s, %v", book, ferr)
	}
	if info, err := os.Stat(o.Pins); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info, err)
	}
	for where, text := range map[string]string{"log": log.String(), "file": string(book), "health": said} {
		if strings.Contains(text, "86427531") {
			t.Errorf("the PIN is in the %s", where)
		}
	}
	if !strings.Contains(log.String(), "AT+CPIN=***") {
		t.Error("the dialogue is not in the log")
	}
}

// A file that is damaged or cannot be written lets no PIN out.
func TestWithoutMemoryNoPIN(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{PIN: "1234"})
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged")
	if err := os.WriteFile(damaged, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", damaged, filepath.Join(dir, "none", "pins")} {
		o := quick()
		o.Pins = file
		if g, err := modem.New("modem", ours, pinned(m, "1234"), o); err == nil {
			g.Close()
			t.Errorf("%q is taken", file)
		}
	}
	o := quick()
	o.Pins = filepath.Join(dir, "later")
	m.Unplug()
	g := begin(t, pinned(m, "1234"), o)
	if err := os.WriteFile(o.Pins, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Plug()
	eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "pin"), "damaged") })
	if got := m.SIM().Attempts(); len(got) != 0 {
		t.Errorf("PINs tried: %q", got)
	}
}

// A card that is missing, taken out, put in or put in another modem.
func TestCardComesAndGoes(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{Empty: true})
			o := quick()
			o.Pins = filepath.Join(t.TempDir(), "pins")
			g := begin(t, pinned(m, "1234"), o)
			eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "sim"), "no SIM card") })
			for n := 1; n <= 2; n++ {
				s := emulator.NewSIM("1234", 10)
				s.ICCID = fmt.Sprintf("898830300000061422%d", n)
				m.InsertSIM(s)
				mustSend(t, g, m)
				if a := alarm(t, g, "sim"); a != "" {
					t.Errorf("still an alarm: %q", a)
				}
				m.RemoveSIM()
				eventually(t, g, "alarm", func() bool { return alarm(t, g, "sim") != "" && !isReady(g) })
				if got := s.Attempts(); !slices.Equal(got, []string{"1234"}) {
					t.Errorf("PINs tried: %q", got)
				}
			}
		})
	}
}
