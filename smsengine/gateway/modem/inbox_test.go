package modem_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// office is a modem, its gateway, and a Sink that listens to it.
type office struct {
	*testing.T
	*gatewaytest.Sink
	m    *emulator.Modem
	g    *modem.Gateway
	ctx  context.Context
	post func(from, text string)
}

// opened starts everything. change may be nil.
func opened(t *testing.T, p emulator.Personality, o emulator.Options, change func(*modem.Config)) office {
	t.Helper()
	m := emulator.Start(t, p, o)
	c := patient(m)
	if change != nil {
		change(&c)
	}
	of := office{T: t, Sink: gatewaytest.NewSink(), m: m, g: start(t, c, quick()), post: poster(m)}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	of.ctx = ctx
	of.listen(of.Sink)
	return of
}

// listen begins to listen; the function it gives ends it.
func (o office) listen(s *gatewaytest.Sink) (stop func()) {
	ctx, cancel := context.WithCancel(o.ctx)
	var ended sync.WaitGroup
	ended.Go(func() { _ = o.g.Listen(ctx, s) })
	stop = func() { cancel(); ended.Wait() }
	o.Cleanup(stop)
	return stop
}

// hears waits until the Sink has taken these texts, in any order, and nothing else.
func (o office) hears(texts ...string) {
	o.Helper()
	slices.Sort(texts)
	if err := o.Wait(o.ctx, func(ps []smsengine.IncomingPart, _ []smsengine.ReceiptReport) bool { return len(ps) >= len(texts) }); err != nil {
		o.Fatalf("%v: the sink has %q, want %q\n%s", err, o.texts(), texts, o.log())
	}
	if got := o.texts(); !slices.Equal(got, texts) {
		o.Fatalf("the sink has %q, want %q", got, texts)
	}
}

func (o office) texts() (texts []string) {
	for _, p := range o.Parts() {
		texts = append(texts, p.Text)
	}
	slices.Sort(texts)
	return texts
}

// empties waits until nothing is left in a memory of the modem.
func (o office) empties(memory string) {
	o.Helper()
	o.until("the memory is empty", func() bool { used, _ := o.m.Stored(memory); return used == 0 })
}

// until waits for something that may take a while.
func (o office) until(what string, condition func() bool) {
	o.Helper()
	for !condition() {
		select {
		case <-o.ctx.Done():
			o.Fatalf("it does not happen: %s\n%s", what, o.log())
		case <-time.After(time.Millisecond):
		}
	}
}

func (o office) log() string {
	var b strings.Builder
	lines := o.m.Log()
	for _, l := range lines[max(0, len(lines)-60):] {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

// logged reports whether something stands in the dialogue.
func (o office) logged(text string) bool {
	return slices.ContainsFunc(o.m.Log(), func(l emulator.Line) bool { return strings.Contains(l.Text, text) })
}

// alarm gives the text of an alarm, "" if there is none.
func (o office) alarm(name string) string {
	h, err := o.g.Check(o.ctx)
	if err != nil {
		o.Fatal(err)
	}
	for _, a := range h.Alarms {
		if a.Name == name {
			return a.Text
		}
	}
	return ""
}

// A text that the modem did not tell of is found by looking.
func TestLostIndications(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			o := opened(t, p, emulator.Options{}, func(c *modem.Config) { c.Poll = modem.Duration(100 * time.Millisecond) })
			o.m.Fail("+CMTI", emulator.Silence().Times(-1))
			o.post("+15555550123", "one")
			o.post("+15555550124", "two")
			o.hears("one", "two")
		})
	}
}

// What the network brings twice, and what the modem tells twice, is one text.
func TestDuplicates(t *testing.T) {
	for _, p := range emulator.Personalities {
		for name, direct := range map[string]string{"stored": "", "by mouth": "2,2,0,1,1"} {
			if direct != "" && p.Name != emulator.ES75.Name && p.Name != emulator.EC25.Name {
				continue
			}
			t.Run(p.Name+" "+name, func(t *testing.T) {
				o := opened(t, p, emulator.Options{AckTime: 50 * time.Millisecond}, func(c *modem.Config) {
					c.Indications, c.Poll = direct, modem.Duration(100*time.Millisecond)
				})
				o.m.Fail("deliver", emulator.Twice())
				o.m.Fail("+CMTI", emulator.Twice())
				o.post("+15555550123", "once")
				o.post("+15555550123", "again")
				o.hears("again", "once")
				o.until("the network has nothing left", func() bool { return o.m.Waiting() == 0 })
				o.empties("SM")
				o.post("+15555550123", "last")
				o.hears("again", "last", "once")
			})
		}
	}
}

// A text that the modem does not delete is handed over once, and is an alarm until it is gone. What it deletes
// without saying so is no trouble.
func TestDeletionFails(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"refused": emulator.CMS(320), "without a number": emulator.Result("ERROR"), "lied about": emulator.Result("OK"),
	} {
		t.Run(name, func(t *testing.T) {
			o := opened(t, emulator.SIM800, emulator.Options{}, func(c *modem.Config) { c.Poll = modem.Duration(50 * time.Millisecond) })
			o.m.Fail("+CMGD", f.Times(-1))
			o.post("+15555550123", "sticky")
			o.until("an alarm", func() bool { return o.alarm("stuck") != "" })
			if text := o.alarm("stuck"); !strings.Contains(text, "SM place 1") || strings.Contains(text, "sticky") {
				t.Errorf("the alarm says %q", text)
			}
			o.m.Mend("+CMGD")
			o.empties("SM")
			o.until("the end of the alarm", func() bool { return o.alarm("stuck") == "" })
			o.hears("sticky")
		})
	}
	t.Run("done all the same", func(t *testing.T) {
		o := opened(t, emulator.SIM800, emulator.Options{}, nil)
		for i := range 10 {
			o.m.Fail("+CMGD", emulator.CMS(500).Done())
			o.post("+15555550123", fmt.Sprint(i))
		}
		o.hears("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		o.empties("SM")
		if text := o.alarm("stuck"); text != "" {
			t.Error(text)
		}
	})
}

// A listing that is cut off, garbled or silent loses nothing.
func TestListingsThatFail(t *testing.T) {
	long := strings.Repeat("a long text ", 12)
	for name, f := range map[string]emulator.Fault{
		"cut": emulator.Cut(30), "cut in the header": emulator.Cut(260), "odd": emulator.Cut(1),
		"noise": emulator.Garbage("\r\n\x00\xff+CMGL: 7\xfe\r\n"), "without OK": emulator.NoOK(), "refused": emulator.CMS(500),
		"silent": emulator.Silence(), "unplugged": emulator.Unplugged(),
	} {
		t.Run(name, func(t *testing.T) {
			o := opened(t, emulator.E220, emulator.Options{}, func(c *modem.Config) { c.Poll = modem.Duration(200 * time.Millisecond) })
			o.m.Fail("+CMGL", f)
			o.post("+15555550123", long)
			if name == "unplugged" {
				o.until("the modem is away", func() bool { return o.m.Count("AT+CMGL") > 0 })
				time.Sleep(10 * time.Millisecond)
				o.m.Plug()
			}
			o.hears(long)
			o.empties("SM")
			if text := o.alarm("unreadable"); text != "" {
				t.Error(text)
			}
		})
	}
}

// A text that cannot be read stays, is an alarm, and is not read again and again.
func TestUnreadable(t *testing.T) {
	o := opened(t, emulator.SIM800, emulator.Options{}, func(c *modem.Config) { c.Poll = modem.Duration(20 * time.Millisecond) })
	o.m.DeliverTPDUs([]byte{0x04, 0x0b, 0x91, 0x51})
	o.post("+15555550123", "readable")
	o.hears("readable")
	o.until("an alarm", func() bool { return o.alarm("unreadable") != "" })
	if text := o.alarm("unreadable"); !strings.Contains(text, "SM place 1") || strings.Contains(text, "040B91") {
		t.Errorf("the alarm says %q", text)
	}
	looks := o.m.Count("AT+CMGL")
	o.until("more looks", func() bool { return o.m.Count("AT+CMGL") > looks+3 })
	if n := o.m.Count("AT+CMGR"); n != 1 {
		t.Errorf("it was read %d times", n)
	}
	if used, _ := o.m.Stored("SM"); used != 1 {
		t.Errorf("%d texts are in the modem", used)
	}
}

// Texts that wait when the modem is full come one after the other as room is made.
func TestFullMemory(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{Size: 5})
			post := poster(m)
			var want []string
			for i := range 23 {
				want = append(want, fmt.Sprintf("text %02d", i))
				post("+15555550123", want[i])
			}
			c := patient(m)
			c.Memory = "SM"
			o := office{T: t, Sink: gatewaytest.NewSink(), m: m, g: start(t, c, quick()), ctx: t.Context()}
			o.listen(o.Sink)
			o.hears(want...)
			o.empties("SM")
		})
	}
}

// Without anybody who listens everything stays where it is.
func TestNobodyListens(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	c := patient(m)
	c.Poll = modem.Duration(10 * time.Millisecond)
	o := office{T: t, Sink: gatewaytest.NewSink(), m: m, g: start(t, c, quick()), ctx: t.Context(), post: poster(m)}
	o.post("+15555550123", "first")
	polls := m.Count("AT+CSQ")
	o.until("some looks", func() bool { return m.Count("AT+CSQ") > polls+3 })
	if used, _ := m.Stored("SM"); used != 1 || m.Count("AT+CMGD") > 0 || m.Count("AT+CMGL") > 0 {
		t.Errorf("%d texts are in the modem", used)
	}
	stop := o.listen(o.Sink)
	o.hears("first")
	o.empties("SM")
	stop()
	o.post("+15555550123", "second")
	polls = m.Count("AT+CSQ")
	o.until("some looks", func() bool { return m.Count("AT+CSQ") > polls+3 })
	if used, _ := m.Stored("SM"); used != 1 {
		t.Errorf("%d texts are in the modem", used)
	}
	o.listen(o.Sink)
	o.hears("first", "second")
}

// What is for nobody does not reach the Sink, and does not stay in the modem either.
func TestForNobody(t *testing.T) {
	o := opened(t, emulator.SIM800, emulator.Options{}, nil)
	for _, in := range []emulator.Incoming{
		{From: "+15555550123", Text: "silent", PID: 0x40},
		{From: "+15555550123", Data: []byte{1, 2, 3}, PID: 0x7f, DCS: 0xf6},
		{From: "Voicemail", Text: "you have 3 messages", DCS: 0xc8},
	} {
		o.m.Deliver(in)
	}
	o.post("My Bank", "hello")
	o.hears("hello")
	o.empties("SM")
	if from := o.Parts()[0].From; from != smsengine.Phone("My Bank") {
		t.Errorf("it is from %v", from)
	}
}

// Drafts are none of our business: they stay, and where they leave no room that is an alarm.
func TestDrafts(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	person := terminal(t, m)
	for range 8 {
		if _, err := person.Send(t.Context(), "AT+CMGW=18", "0011000B915155550521F30000AA04D4F29C0E"); err != nil {
			t.Fatal(err)
		}
	}
	person.Close()
	o := office{T: t, Sink: gatewaytest.NewSink(), m: m, g: start(t, patient(m), quick()), ctx: t.Context(), post: poster(m)}
	o.listen(o.Sink)
	o.post("+15555550123", "hello")
	o.hears("hello")
	o.until("only the drafts are left", func() bool { used, _ := m.Stored("SM"); return used == 8 })
	o.until("an alarm", func() bool { return strings.Contains(o.alarm("storage-sm"), "8 of 10") })
	if n := m.Count("AT+CMGR"); n > 0 {
		t.Errorf("drafts were read %d times", n)
	}
}

// terminal is a person at the modem's port.
func terminal(t *testing.T, m *emulator.Modem) *at.Conn {
	t.Helper()
	p, err := port.Open(m.Path(), port.Baud)
	if err != nil {
		t.Fatal(err)
	}
	c := at.New(p, quick().AT)
	t.Cleanup(func() { c.Close() })
	for _, command := range []string{"ATE0", "AT+CMGF=0"} {
		if _, err := c.Do(t.Context(), command); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
