package modem_test

import (
	"strings"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// The network decides whether texts are begun, and each trouble with it has its
// alarm: at once where it refuses, after a while where there is none.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		name    string
		stat    int
		roaming modem.Roaming
		ready   bool
		alarm   string
		text    string
	}{
		{"home", 1, modem.RoamingOff, true, "", "registered at Example"},
		{"home, texts only", 6, modem.RoamingSend, true, "", ""},
		{"roaming", 5, modem.RoamingSend, true, "", "roaming at Example"},
		{"roaming, texts only", 7, modem.RoamingSend, true, "", ""},
		{"roaming, and texts wait", 5, modem.RoamingReceive, false, "", "foreign network"},
		{"roaming, and it is not wanted", 5, modem.RoamingOff, false, "roaming", "foreign network"},
		{"denied", 3, modem.RoamingSend, false, "refused", "denied"},
		{"searching", 2, modem.RoamingSend, false, "network", "searching"},
		{"not searching", 0, modem.RoamingSend, false, "network", ""},
		{"out of coverage", 4, modem.RoamingSend, false, "network", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := emulator.Start(t, emulator.EC25, emulator.Options{})
			conf, o := patient(m), quick()
			conf.Roaming = c.roaming
			o.Rests.Network = 50 * time.Millisecond
			g := begin(t, conf, o)
			ready(t, g)
			m.Register(c.stat)
			eventually(t, g, "ready or not", func() bool { return isReady(g) == c.ready })
			if c.alarm != "" {
				eventually(t, g, "alarm", func() bool { return alarm(t, g, c.alarm) != "" })
			}
			for _, a := range health(t, g).Alarms {
				if a.Name != c.alarm {
					t.Errorf("alarm %s: %s", a.Name, a.Text)
				}
			}
			eventually(t, g, "text", func() bool { return strings.Contains(health(t, g).Text, c.text) })
			if !c.ready {
				err := sendOne(t, g, "waits")
				if s := smsengine.StatusOf(err); s.Class != smsengine.Temporary || !strings.Contains(s.Text, "network") {
					t.Errorf("%+v", s)
				}
				m.Register(1)
				ready(t, g)
				if a := health(t, g).Alarms; len(a) > 0 {
					t.Errorf("still: %v", a)
				}
			}
			mustSend(t, g, m)
		})
	}
}

// A network that is there from the beginning or not, told of or only found.
func TestNetworkIsFound(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.EC25, emulator.EC25.Without("+CREG="), emulator.ES75} {
		m := emulator.Start(t, p, emulator.Options{})
		m.Register(2)
		g := begin(t, lively(m), quick())
		eventually(t, g, "waits", func() bool { return strings.Contains(health(t, g).Text, "searching") })
		m.Fail("+CREG", emulator.Silence()) // the report is lost
		m.Register(1)
		m.Mend("+CREG")
		mustSend(t, g, m)
	}
}

// What is read of the network is what is told.
func TestReadings(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{})
	g := begin(t, lively(m), quick())
	ready(t, g)
	m.Signal(5)
	m.Operator("Example Mobile")
	m.Register(5)
	eventually(t, g, "new values", func() bool {
		return health(t, g).Text == "roaming at Example Mobile, signal 16 %"
	})
	for name, want := range map[string]float64{"signal_dbm": -103, "signal_percent": 16, "registered": 1, "roaming": 1, "reopened_total": 0} {
		if r, ok := reading(t, g, name); !ok || r.Value != want {
			t.Errorf("%s is %v, want %v", name, r.Value, want)
		}
	}
	for name, want := range map[string]string{
		"operator": "Example Mobile", "network": "LTE", "iccid": "8988303000000614227", "manufacturer": "Quectel", "port": m.Path(),
	} {
		if r, ok := reading(t, g, name); !ok || r.Text != want || r.Kind != smsengine.Info {
			t.Errorf("%s is %q, want %q", name, r.Text, want)
		}
	}
	m.Signal(99)
	eventually(t, g, "unknown signal", func() bool { _, ok := reading(t, g, "signal_dbm"); return !ok })
}
