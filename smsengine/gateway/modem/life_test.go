package modem_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// begin makes a gateway and does not wait for its modem.
func begin(t *testing.T, c modem.Config, o modem.Options) *modem.Gateway {
	t.Helper()
	if o.Pins == "" {
		o.Pins = filepath.Join(t.TempDir(), "pins")
	}
	if o.Log == nil {
		o.Log = testLog(t)
	}
	g, err := modem.New("modem", ours, c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	g.Open()
	return g
}

// lively is a configuration under which a modem is looked at all the time.
func lively(m *emulator.Modem) modem.Config {
	c := modem.Default()
	c.Device, c.Poll = m.Path(), modem.Duration(20*time.Millisecond)
	return c
}

func health(t *testing.T, g *modem.Gateway) smsengine.Health {
	t.Helper()
	h, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func isReady(g *modem.Gateway) bool {
	select {
	case <-g.Ready():
		return true
	default:
		return false
	}
}

// alarm gives the text of an alarm, "" if there is none.
func alarm(t *testing.T, g *modem.Gateway, name string) string {
	t.Helper()
	for _, a := range health(t, g).Alarms {
		if a.Name == name {
			return a.Text
		}
	}
	return ""
}

func reading(t *testing.T, g *modem.Gateway, name string) (r smsengine.Reading, ok bool) {
	t.Helper()
	all := health(t, g).Readings
	at := slices.IndexFunc(all, func(r smsengine.Reading) bool { return r.Name == name })
	if at < 0 {
		return r, false
	}
	return all[at], true
}

// eventually waits for something.
func eventually(t *testing.T, g *modem.Gateway, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to this: %s; %+v", what, health(t, g))
		}
	}
}

// sendOne sends a text through the gateway.
func sendOne(t *testing.T, g *modem.Gateway, text string) error {
	t.Helper()
	m := smsengine.Message{
		ID: smsengine.NewMessageID(time.Now()), To: smsengine.Phone("+15555550123"), Body: smsengine.Body{Text: text},
		Parts: []smsengine.Part{{Text: text}}, Created: time.Now(),
	}
	_, err := g.Send(t.Context(), smsengine.Delivery{Message: m})
	return err
}

// mustSend waits until the gateway is ready, and sends a text that must leave.
func mustSend(t *testing.T, g *modem.Gateway, m *emulator.Modem) {
	t.Helper()
	ready(t, g)
	before := len(m.Sent())
	if err := sendOne(t, g, "hello"); err != nil {
		t.Fatal(err)
	}
	m.WaitSent(before + 1)
}

// Every model is made ready, with what it has said of itself.
func TestEveryModelIsMadeReady(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			c := lively(m)
			c.PIN, c.ServiceCentre, c.Init = "1234", "+15555550177", []string{"AT+CLIP=1"}
			g := begin(t, c, quick())
			mustSend(t, g, m)
			if got := health(t, g).Text; got != "registered at Example, signal 64 %" {
				t.Errorf("it is %q", got)
			}
			for name, want := range map[string]string{
				"model": strings.TrimSpace(p.Model), "imei": "004999010640000", "operator": "Example", "sim": "ready", "registered": "yes",
			} {
				if r, ok := reading(t, g, name); !ok || strings.Join(strings.Fields(r.Text), " ") != strings.Join(strings.Fields(want), " ") {
					t.Errorf("%s is %q, want %q", name, r.Text, want)
				}
			}
			if r, _ := reading(t, g, "signal_dbm"); r.Value != -73 {
				t.Errorf("signal is %v dBm", r.Value)
			}
			if got := m.SIM().SMSC; got != "+15555550177" {
				t.Errorf("service centre is %s", got)
			}
			if got := m.SIM().Attempts(); !slices.Equal(got, []string{"1234"}) {
				t.Errorf("PINs tried: %q", got)
			}
			if m.Count("AT+CLIP=1") != 1 {
				t.Error("init was not given")
			}
			if alarms := health(t, g).Alarms; len(alarms) > 0 {
				t.Errorf("alarms: %v", alarms)
			}
		})
	}
}

// A modem that is plugged in later, pulled out and plugged in again is found under
// its name, each time with its PIN.
func TestPluggedInAgain(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.E220, emulator.MTCBA} {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			m.Unplug()
			o := quick()
			o.Rests.Missing = 30 * time.Millisecond
			c := lively(m)
			c.PIN = "1234"
			g := begin(t, c, o)
			eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "missing"), "plugged in") })
			for range 3 {
				m.Plug()
				mustSend(t, g, m)
				if a := alarm(t, g, "missing"); a != "" {
					t.Errorf("still an alarm: %s", a)
				}
				m.Unplug()
				eventually(t, g, "noticed", func() bool { return !isReady(g) })
				if err := sendOne(t, g, "too late"); smsengine.StatusOf(err).Class != smsengine.Temporary {
					t.Errorf("without a modem: %v", err)
				}
			}
			if r, _ := reading(t, g, "reopened_total"); r.Value != 2 {
				t.Errorf("reopened %v times", r.Value)
			}
			if strings.Join(m.SIM().Attempts(), " ") != strings.TrimSpace(strings.Repeat("1234 ", len(m.SIM().Attempts()))) {
				t.Errorf("PINs: %q", m.SIM().Attempts())
			}
		})
	}
}

// A modem that falls silent is opened anew after so many checks, and a person is
// told when that does not help. It recovers by itself whenever it answers again.
func TestSilentModem(t *testing.T) {
	for _, helps := range []bool{true, false} {
		t.Run(fmt.Sprintf("reopening helps: %v", helps), func(t *testing.T) {
			m := emulator.Start(t, emulator.SIM800, emulator.Options{})
			o := quick()
			o.AT.Wait, o.AT.Probe = 50*time.Millisecond, 20*time.Millisecond
			g := begin(t, lively(m), o)
			mustSend(t, g, m)
			m.Freeze(helps)
			eventually(t, g, "noticed", func() bool { return !isReady(g) })
			if !helps {
				eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "silent"), "unplug") })
				m.Thaw()
			}
			mustSend(t, g, m)
			eventually(t, g, "no alarm", func() bool { return alarm(t, g, "silent") == "" })
		})
	}
}

// A modem that hears and does not answer is told to restart, once.
func TestDeafModemIsRestarted(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	o := quick()
	o.AT.Wait, o.AT.Probe, o.Rests.Boot = 50*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond
	g := begin(t, lively(m), o)
	ready(t, g)
	m.Fail("AT", emulator.Silence().Times(-1))
	eventually(t, g, "restart", func() bool { return m.Count("AT+CFUN=1,1") == 1 })
	eventually(t, g, "alarm", func() bool { return alarm(t, g, "silent") != "" })
	m.Mend("AT")
	mustSend(t, g, m)
	if r, _ := reading(t, g, "restarted_total"); r.Value != 1 {
		t.Errorf("restarted %v times", r.Value)
	}
}

// One silent check is not enough, and a late answer is no silence.
func TestOneSilentCheckIsPassedOver(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{})
	o := quick()
	o.AT.Wait, o.AT.Probe = 50*time.Millisecond, 50*time.Millisecond
	g := begin(t, lively(m), o)
	ready(t, g)
	for range 3 {
		m.Fail("+CPIN?", emulator.Silence())
		before := m.Count("AT+COPS?")
		eventually(t, g, "a whole check", func() bool { return m.Count("AT+COPS?") > before+2 })
	}
	if r, _ := reading(t, g, "reopened_total"); r.Value != 0 {
		t.Errorf("reopened %v times", r.Value)
	}
}

// A modem that restarts by itself has forgotten everything: whether it says so, or
// only no longer does what it was told.
func TestRestartedByItself(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.ES75, emulator.SIM800, emulator.MTCBA, func() emulator.Personality {
		p := emulator.ES75
		p.Name, p.Boot = "one that does not tell", nil
		return p
	}()} {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{PIN: "1234"})
			c := lively(m)
			c.PIN = "1234"
			g := begin(t, c, quick())
			mustSend(t, g, m)
			m.Restart()
			eventually(t, g, "PIN again", func() bool { return len(m.SIM().Attempts()) == 2 })
			eventually(t, g, "all of it again", func() bool { return m.Count("AT+CNMI=2") >= 2 })
			mustSend(t, g, m)
		})
	}
}

// Texts that fail in a row have the modem opened anew, then restarted.
func TestFailedSends(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	c := patient(m)
	c.FailedSends = 3
	g := begin(t, c, quick())
	ready(t, g)
	m.Fail("submit", emulator.CMS(38).Times(-1))
	for range 3 {
		if err := sendOne(t, g, "lost"); smsengine.StatusOf(err).Class != smsengine.Temporary {
			t.Fatal(err)
		}
	}
	eventually(t, g, "reopened", func() bool { r, _ := reading(t, g, "reopened_total"); return r.Value == 1 })
	if a := alarm(t, g, "sending"); !strings.Contains(a, "CMS ERROR 38") {
		t.Errorf("alarm: %q", a)
	}
	ready(t, g)
	for range 3 {
		_ = sendOne(t, g, "lost")
	}
	eventually(t, g, "restarted", func() bool { r, _ := reading(t, g, "restarted_total"); return r.Value == 1 })
	if m.Count("AT+CFUN=1,1") != 1 {
		t.Errorf("%d restarts", m.Count("AT+CFUN=1,1"))
	}
	m.Mend("submit")
	mustSend(t, g, m)
	if a := alarm(t, g, "sending"); a != "" {
		t.Errorf("still an alarm: %q", a)
	}
}

// Numbers that do not exist are not the modem's fault.
func TestRefusedTextsAreNoFailure(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	c := patient(m)
	c.FailedSends = 2
	g := begin(t, c, quick())
	ready(t, g)
	m.Fail("submit", emulator.CMS(1).Times(4))
	for range 4 {
		_ = sendOne(t, g, "nobody")
	}
	mustSend(t, g, m)
	if r, _ := reading(t, g, "reopened_total"); r.Value != 0 {
		t.Errorf("reopened %v times", r.Value)
	}
}

// A modem that says that it is at fault gets no more texts for a while, and a
// person is told what to do.
func TestModemFaultHoldsTexts(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{})
	g := begin(t, patient(m), quick())
	ready(t, g)
	m.Fail("submit", emulator.CMS(330))
	_ = sendOne(t, g, "no centre")
	if isReady(g) {
		t.Error("the next text is tried at once")
	}
	if a := alarm(t, g, "sending"); !strings.Contains(a, "service_centre") {
		t.Errorf("alarm: %q", a)
	}
	g.Close()
	g = begin(t, lively(m), quick())
	ready(t, g)
	m.Fail("submit", emulator.CMS(330))
	_ = sendOne(t, g, "no centre")
	mustSend(t, g, m) // once it has been looked at
}

// What the modem needs and refuses is told, and a restart is tried.
func TestRefusedSetup(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	c := lively(m)
	c.Init = []string{"AT+FOO=1"}
	g := begin(t, c, quick())
	eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "setup"), "AT+FOO=1: ERROR") })
	eventually(t, g, "restart", func() bool { return m.Count("AT+CFUN=1,1") == 1 })
	tries := m.Count("AT+FOO=1")
	eventually(t, g, "more tries", func() bool { return m.Count("AT+FOO=1") >= tries+3 })
	if n := m.Count("AT+CFUN=1,1"); n != 1 {
		t.Errorf("%d restarts", n)
	}
	if isReady(g) {
		t.Error("ready all the same")
	}
}

// Without permission to restart there is none.
func TestNoRestartIfNotWanted(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	c := lively(m)
	c.Init, c.Restart = []string{"AT+FOO=1"}, false
	g := begin(t, c, quick())
	eventually(t, g, "many tries", func() bool { r, _ := reading(t, g, "reopened_total"); return r.Value >= 4 })
	if n := m.Count("AT+CFUN=1,1"); n != 0 {
		t.Errorf("%d restarts", n)
	}
}

// Optional commands may fail in any way.
func TestMinimalModem(t *testing.T) {
	p := emulator.SIM800.Without("+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CCID", "+CMMS", "+CSMS", "+CNMI", "+COPS", "+CSQ", "+CFUN?", "+CPMS=?", "+CREG=")
	m := emulator.Start(t, p, emulator.Options{})
	g := begin(t, lively(m), quick())
	mustSend(t, g, m)
}

// Noise, late answers and missing results do not keep a modem from becoming ready.
func TestNoisyModem(t *testing.T) {
	m := emulator.Start(t, emulator.E220, emulator.Options{Chunk: 3})
	for i, step := range []string{"E", "+CMEE", "+CPIN?", "+CREG?", "+CSMS", "+CMGF", "+CPMS", "+CNMI=?", "+CSQ", "+COPS?"} {
		switch i % 3 {
		case 0:
			m.Fail(step, emulator.Garbage("\xff\x00\xfe~x\r\n^RSSI:12\r\nRING\r\n").Times(2))
		case 1:
			m.Fail(step, emulator.Late(30*time.Millisecond))
		default:
			m.Fail(step, emulator.NoOK())
		}
	}
	o := quick()
	o.AT.Wait = 150 * time.Millisecond
	g := begin(t, lively(m), o)
	mustSend(t, g, m)
}

// Two modems have nothing in common but the file of PINs.
func TestTwoModems(t *testing.T) {
	pins := filepath.Join(t.TempDir(), "pins")
	var all []*emulator.Modem
	var gateways []*modem.Gateway
	for i, p := range []emulator.Personality{emulator.E220, emulator.EC25} {
		pin := fmt.Sprintf("%d234", i)
		m := emulator.Start(t, p, emulator.Options{PIN: pin})
		m.SIM().ICCID = fmt.Sprintf("898830300000061422%d", i)
		c, o := lively(m), quick()
		c.PIN, o.Pins = modem.PIN(pin), pins
		all, gateways = append(all, m), append(gateways, begin(t, c, o))
	}
	for i, g := range gateways {
		mustSend(t, g, all[i])
	}
	all[0].Unplug()
	eventually(t, gateways[0], "noticed", func() bool { return !isReady(gateways[0]) })
	mustSend(t, gateways[1], all[1])
	all[0].Plug()
	mustSend(t, gateways[0], all[0])
}

// A port belongs to one gateway; the other says who has it.
func TestBusyPort(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{})
	first := begin(t, lively(m), quick())
	ready(t, first)
	second := begin(t, lively(m), quick())
	eventually(t, second, "alarm", func() bool { return alarm(t, second, "busy") != "" })
	first.Close()
	mustSend(t, second, m)
	if a := alarm(t, second, "busy"); a != "" {
		t.Errorf("still an alarm: %s", a)
	}
}

// After Close nothing is left: no goroutine, and the port is free. Whatever was
// going on.
func TestCloseLeavesNothing(t *testing.T) {
	for name, prepare := range map[string]func(*emulator.Modem){
		"ready": func(*emulator.Modem) {}, "unplugged": (*emulator.Modem).Unplug, "silent": func(m *emulator.Modem) { m.Freeze(false) },
		"without SIM": (*emulator.Modem).RemoveSIM, "starting": nil,
	} {
		t.Run(name, func(t *testing.T) {
			m := emulator.Start(t, emulator.E1556, emulator.Options{})
			before, o := runtime.NumGoroutine(), quick()
			o.AT.Wait, o.AT.Probe = 50*time.Millisecond, 20*time.Millisecond
			g := begin(t, lively(m), o)
			if prepare != nil {
				ready(t, g)
				prepare(m)
				if name != "ready" {
					eventually(t, g, "noticed", func() bool { return !isReady(g) })
				}
			}
			g.Close()
			eventually(t, g, "no more goroutines", func() bool { return runtime.NumGoroutine() <= before })
			if isReady(g) {
				t.Error("still ready")
			}
		})
	}
}

// Models at a part of their own pace: the SIM card takes time to be read, and the
// port to come back.
func TestEveryModelAtItsPace(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			m := emulator.Start(t, p, emulator.Options{PIN: "1234", Scale: 0.02})
			o := quick()
			o.AT.Probe, o.Rests.AfterClose = 50*time.Millisecond, 10*time.Millisecond
			c := lively(m)
			c.PIN = "1234"
			g := begin(t, c, o)
			for n := 1; n <= 2; n++ {
				mustSend(t, g, m)
				if got := m.SIM().Attempts(); len(got) != n {
					t.Errorf("PINs tried: %q", got)
				}
				m.Restart()
				eventually(t, g, "noticed", func() bool { return !isReady(g) })
			}
		})
	}
}
