package probe

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

var quick = at.Options{Settle: 20 * time.Millisecond, WithoutOK: 50 * time.Millisecond, Probe: 300 * time.Millisecond, Wait: 2 * time.Second}

func examine(t *testing.T, m *modem.Modem) Report {
	t.Helper()
	return Examine(t.Context(), Port{Path: m.Path()}, 0, quick)
}

func TestPersonalities(t *testing.T) {
	for _, c := range []struct {
		p    modem.Personality
		says []string
	}{
		{modem.E220, []string{"huawei, E220, 11.117.09.00.00, IMEI ", "AT+CNMI=2,1,0,1,0\n", "read from SM (0 of 20)", "ready, 3 tries left"}},
		{modem.E1556, []string{"huawei, E1556", "AT+CNMI=2,1,0,1,0\n", "for what comes SM (0 of 50)", "ready, 3 tries left"}},
		{modem.ES75, []string{"SIEMENS, MC75", "AT+CNMI=2,1,0,1,1, long ones in one go", "ready, number +15555550100"}},
		{modem.MTCBA, []string{"WAVECOM MODEM, MULTIBAND", "AT+CNMI=2,1,0,1,0, long", "read from SM (0 of 15), write to SM (0 of 15)\n"}},
		{modem.SIM800, []string{"SIMCOM_Ltd, SIMCOM_SIM800L", "AT+CNMI=2,1,0,1,0, long", "ready, 3 tries left"}},
		{modem.EC25, []string{"Quectel, EC25", "AT+CNMI=2,1,0,1,0, long", "read from ME (0 of 255)"}},
	} {
		t.Run(c.p.Name, func(t *testing.T) {
			t.Parallel()
			m := modem.Start(t, c.p, modem.Options{})
			r := examine(t, m)
			text := r.Text()
			for _, want := range append(c.says, "registered, Example, -73 dBm", "SMSC          +15555550199", "number +15555550100") {
				if !strings.Contains(text, want) {
					t.Errorf("not there: %q", want)
				}
			}
			if r.Problem != "" || len(r.Notes) > 0 || r.SIM != at.Ready || !r.PDU || t.Failed() {
				t.Errorf("%s", text)
			}
			if block := Block("modem", r); !strings.Contains(block, `number = "+15555550100" #`) || strings.Contains(block, "pin") || strings.Contains(block, "baud") {
				t.Error(block)
			}
		})
	}
}

// What it may say to a modem: questions, and what is switched back.
var careful = regexp.MustCompile(`^(AT|AT\+C(GMI|GMM|GMR|GSN|NUM|SQ|PINR|PINC)|AT\^CPIN\?|AT\^SPIC|AT\+QPINC="SC"|AT\+SPIC|AT[+^][A-Z]+(\?|=\?)|AT\+C(MEE|MGF)=[01])$`)

// The modem is as it was before, even one that was left in text mode and in the
// middle of a text; no PIN is tried and nothing sent.
func TestHarmless(t *testing.T) {
	for _, p := range modem.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			p.TextMode = true
			m := modem.Start(t, p, modem.Options{})
			m.Receive("+15555550123", "hello")
			memory := p.Memory[2]
			m.Wait("the text", func() bool { used, _ := m.Stored(memory); return used == 1 })
			say(t, m, "AT+CMGS=\"+15555550123\"\rhalf a te")
			r := examine(t, m)
			if !r.PDU || r.Problem != "" {
				t.Errorf("%s", r.Text())
			}
			for _, c := range m.Commands()[1:] {
				if !careful.MatchString(c) {
					t.Errorf("%s", c)
				}
			}
			if used, _ := m.Stored(memory); used != 1 || len(m.Sent()) != 0 || len(m.SIM().Attempts()) != 0 {
				t.Errorf("%d texts are left, %d were sent, PINs tried: %q", used, len(m.Sent()), m.SIM().Attempts())
			}
			for _, name := range []string{"+CMGF", "+CMEE"} {
				if set := slices.DeleteFunc(m.Commands(), func(c string) bool { return !strings.HasPrefix(c, "AT"+name+"=") }); len(set)%2 != 0 {
					t.Errorf("not switched back: %q", set)
				}
			}
		})
	}
}

// say writes to the modem as a program that died then.
func say(t *testing.T, m *modem.Modem, octets string) {
	t.Helper()
	p, err := port.Open(m.Path(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Write([]byte(octets)); err != nil {
		t.Fatal(err)
	}
	m.Wait("the beginning", func() bool { return len(m.Commands()) > 0 })
}

func TestTroubles(t *testing.T) {
	start := func(p modem.Personality, o modem.Options, then func(*modem.Modem)) func(*testing.T) Report {
		return func(t *testing.T) Report {
			m := modem.Start(t, p, o)
			if then != nil {
				then(m)
			}
			r := examine(t, m)
			if m.SIM() != nil && len(m.SIM().Attempts()) > 0 {
				t.Errorf("tried %q", m.SIM().Attempts())
			}
			return r
		}
	}
	for name, c := range map[string]struct {
		run  func(*testing.T) Report
		says []string
	}{
		"PIN":                               {start(modem.E220, modem.Options{PIN: "1234"}, nil), []string{"wants its PIN, 3 tries left", "a wrong one is tried only once"}},
		"PIN, before which it tells little": {start(modem.SIM800, modem.Options{PIN: "1234"}, nil), []string{"wants its PIN, 3 tries left", "texts         does not tell yet"}},
		"Siemens' PIN":                      {start(modem.ES75, modem.Options{PIN: "1234"}, nil), []string{"wants its PIN, 3 tries left"}},
		"no card":                           {start(modem.EC25, modem.Options{Empty: true}, nil), []string{"SIM card      none", "put a SIM card in"}},
		"denied":                            {start(modem.EC25, modem.Options{}, func(m *modem.Modem) { m.Register(3) }), []string{"the network refuses this SIM card"}},
		"searching":                         {start(modem.E1556, modem.Options{}, func(m *modem.Modem) { m.Register(2) }), []string{"see to the antenna"}},
		"abroad":                            {start(modem.ES75, modem.Options{}, func(m *modem.Modem) { m.Register(5) }), []string{"not the card's own network"}},
		"full":                              {start(modem.SIM800, modem.Options{}, func(m *modem.Modem) { m.Fill("SM", 0) }), []string{"memory SM is full"}},
		"no SMSC": {start(modem.SIM800, modem.Options{SIM: func() *modem.SIM { s := modem.NewSIM("", 5); s.SMSC = ""; return s }()}, nil),
			[]string{"names no service centre"}},
		"silent":    {start(modem.E220, modem.Options{}, func(m *modem.Modem) { m.Freeze(false) }), []string{"nothing answers to AT:\n", "try another --baud"}},
		"goes deaf": {start(modem.E220, modem.Options{}, func(m *modem.Modem) { m.Fail("+CSQ", modem.Silence()); m.Fail("+COPS?", modem.Silence()) }), []string{"no answer to AT+CSQ", "no answer to AT+COPS?", "SM (0 of 20)"}},
		"dies": {start(modem.E220, modem.Options{}, func(m *modem.Modem) {
			m.Fail("+CSQ", modem.Silence())
			m.Fail("AT", modem.Result("OK"))
			m.Fail("AT", modem.Silence().Times(-1))
		}), []string{"it stopped answering: AT+CSQ"}},
		"pulled": {start(modem.E220, modem.Options{}, func(m *modem.Modem) { m.Fail("+CSQ", modem.Unplugged()) }), []string{"it stopped answering"}},
		"busy": {func(t *testing.T) Report {
			m := modem.Start(t, modem.E220, modem.Options{})
			p, err := port.Open(m.Path(), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			return examine(t, m)
		}, []string{"another program has the port", "fuser -v"}},
		"missing": {func(t *testing.T) Report {
			return Examine(context.Background(), Port{Path: "/dev/ttyUSB99"}, 0, quick)
		}, []string{"there is no such port", "has power"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := c.run(t).Text()
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("not there: %q in\n%s", want, text)
				}
			}
		})
	}
}

func TestBlock(t *testing.T) {
	r := Report{Port: Port{Path: "/dev/ttyUSB0", Stable: "/dev/serial/by-id/usb-x-if00"}, Baud: 9600, SIM: at.SIMPIN}
	want := `[[gateway]]
id = "office"
type = "modem"
number = "the number of its SIM card" # such as "+15555550100"
default_recipient = "the mailbox for texts that answer nobody" # such as "office@example.org"
[gateway.modem]
device = "/dev/serial/by-id/usb-x-if00"
baud = 9600
# pin = "1234" # the SIM card asks for it: put it here, and take the "#" away
`
	if got := Block("office", r); got != want {
		t.Error(got)
	}
}

// The names in JSON are a promise to scripts.
func TestJSON(t *testing.T) {
	m := modem.Start(t, modem.EC25, modem.Options{})
	b, err := json.Marshal(All(t.Context(), []Device{{Vendor: "2c7c", Ports: []Port{{Path: m.Path()}}}}, 0, quick))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`[{"vendor":"2c7c","ports":[{"path":`, `"answers":true`, `"model":"EC25"`, `"sim":"READY"`, `"pin_tries":3`, `"dbm":-73`, `"pdu":true`, `"best":0`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}
