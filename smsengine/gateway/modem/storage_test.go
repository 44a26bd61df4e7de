package modem_test

import (
	"slices"
	"strings"
	"testing"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// What a modem is told of where texts are kept, and of telling of them.
func TestStorageIsChosen(t *testing.T) {
	nothing := emulator.SIM800.With("+CPMS=?", "+CPMS: (),(),()").With("+CPMS?", "+CPMS: ,,,,,,,,").Without("+CPMS=")
	for _, c := range []struct {
		name     string
		model    emulator.Personality
		change   func(*modem.Config)
		fail     map[string]emulator.Fault
		commands []string // that it gets, in this order
		never    string   // the beginning of one that it does not get
	}{
		{"its own choice", emulator.E1556, nil, nil, []string{`AT+CPMS="ME","ME","ME"`, "AT+CNMI=2,1,0,1,0"}, `AT+CPMS="SM","SM"`},
		{"configured", emulator.E1556, func(c *modem.Config) { c.Memory = "SM" }, nil, []string{`AT+CPMS="SM","SM","SM"`}, `AT+CPMS="ME","ME"`},
		{
			"configured, and not there", emulator.MTCBA, func(c *modem.Config) { c.Memory = "ME" }, nil,
			[]string{`AT+CPMS="ME","ME"`, `AT+CPMS="ME"`, `AT+CPMS="SM","SM"`}, `AT+CPMS="SM","SM","SM"`,
		},
		{
			"not told", emulator.SIM800, nil, map[string]emulator.Fault{"+CPMS=?": emulator.Result("ERROR"), "+CPMS?": emulator.Result("ERROR")},
			[]string{`AT+CPMS="SM","SM","SM"`}, "AT+CNMI=2,2",
		},
		{"none", nothing, nil, nil, []string{"AT+CNMI=2,2,0,1,0"}, `AT+CPMS="SM","SM"`},
		{
			"other indications", emulator.E220, func(c *modem.Config) { c.Indications = "1,1,0,2" }, nil,
			[]string{"AT+CNMI=1,1,0,2"}, "AT+CNMI=2",
		},
		{
			"impossible indications", emulator.SIM800, func(c *modem.Config) { c.Indications = "2,1,0,2" }, nil,
			[]string{"AT+CNMI=2,1,0,2", "AT+CNMI=2,1,0,1,0"}, "AT+CNMI=1",
		},
		{
			"indications not told", emulator.ES75, nil, map[string]emulator.Fault{"+CNMI=?": emulator.Result("ERROR")},
			[]string{"AT+CNMI=2,1,0,1,0", "AT+CNMI=2,1,0,0,0", "AT+CNMI=1,1,0,1,0", "AT+CNMI=1,1,0,0,0"}, "AT+CNMI=3",
		},
		{
			"reports at once are refused", emulator.ES75, nil, map[string]emulator.Fault{"+CSMS": emulator.Result("ERROR")},
			[]string{"AT+CNMI=2,1,0,1,1", "AT+CNMI=2,1,0,2,1"}, "AT+CNMI=2,1,0,0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := emulator.Start(t, c.model, emulator.Options{})
			for step, f := range c.fail {
				m.Fail(step, f)
			}
			conf := patient(m)
			if c.change != nil {
				c.change(&conf)
			}
			g := begin(t, conf, quick())
			mustSend(t, g, m)
			got := m.Commands()
			for _, want := range c.commands {
				at := slices.Index(got, want)
				if at < 0 {
					t.Fatalf("%s did not come (in this order): %q", want, m.Commands())
				}
				got = got[at+1:]
			}
			if slices.ContainsFunc(m.Commands(), func(s string) bool { return strings.HasPrefix(s, c.never) }) {
				t.Errorf("%s came", c.never)
			}
		})
	}
}
