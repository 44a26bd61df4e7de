package modem

import (
	"fmt"
	"strings"
	"testing"
)

// Every mistake is told by its key; what is fine is not.
func TestConfigurationsAreChecked(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string // what is told, "" for nothing
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Device = "" }, "device: there is no port"},
		{func(c *Config) { c.Device = "ttyUSB0" }, "device: \"ttyUSB0\" depends"},
		{func(c *Config) { c.Baud = 115 }, "baud: 115 is no speed"},
		{func(c *Config) { c.ServiceCentre = "+15555550199" }, ""},
		{func(c *Config) { c.ServiceCentre = "0555" }, "service_centre: \"0555\" is not"},
		{func(c *Config) { c.Memory = "SIM" }, "memory: \"SIM\""},
		{func(c *Config) { c.Indications = "2,1,0,1,0" }, ""},
		{func(c *Config) { c.Indications = "2;1" }, "indications: \"2;1\""},
		{func(c *Config) { c.Init = []string{"AT^CURC=0", "at+cops=0"} }, ""},
		{func(c *Config) { c.Init = []string{"CURC"} }, "init: \"CURC\" is no command"},
		{func(c *Config) { c.Init = []string{"AT\rAT+CMGD=1"} }, "init: "},
		{func(c *Config) { c.Init = []string{"AT+CPIN = \"4711\""} }, "init: a command has a PIN"},
		{func(c *Config) { c.Init = []string{"at+cmgs=5"} }, "init: a command asks for a text"},
		{func(c *Config) { c.Poll = 0 }, "poll: "},
		{func(c *Config) { c.SilentChecks = 0 }, "silent_checks: "},
		{func(c *Config) { c.FailedSends = 0 }, "failed_sends: "},
		{func(c *Config) { c.BalanceAlarm = 5 }, "balance_code: nobody"},
		{func(c *Config) { c.BalanceCode, c.BalancePattern = "*100#", "is ([0-9]+)" }, ""},
		{func(c *Config) { c.BalanceCode, c.BalancePattern = "call me", "is ([0-9]+)" }, "balance_code: \"call me\""},
		{func(c *Config) { c.BalanceCode, c.BalancePattern = "*100#", "is (" }, "balance_pattern: error parsing"},
		{func(c *Config) { c.BalanceCode, c.BalancePattern = "*100#", "is" }, "balance_pattern: it has 0 groups"},
		{func(c *Config) { c.BalanceCode, c.BalancePattern, c.BalanceEvery = "*100#", "(.)", 0 }, "balance_every: "},
	} {
		conf := Default()
		conf.Device, conf.PIN = "/dev/ttyUSB0", "4711"
		c.change(&conf)
		var told []string
		conf.Check(func(key, remedy, format string, args ...any) {
			told = append(told, key+": "+fmt.Sprintf(format, args...))
			if remedy == "" {
				t.Errorf("%s has no remedy", key)
			}
		})
		got := strings.Join(told, "\n")
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || len(told) > 1 {
			t.Errorf("it tells %q, want %q", got, c.want)
		}
		if strings.Contains(got, "4711") {
			t.Errorf("the PIN shows: %s", got)
		}
	}
}
