package modem

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// Speeds of serial lines, bits/s.
var speeds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600}

var (
	memoryForm     = regexp.MustCompile(`^[A-Z]{2}$`)
	indicationForm = regexp.MustCompile(`^[0-3](,[0-3]){0,4}$`)
	ussdForm       = regexp.MustCompile(`^[0-9*#+]{1,160}$`)
)

// Check tells what cannot work, by key, with the remedy. It is what New refuses,
// for those who know the lines of the file.
func (c *Config) Check(wrong func(key, remedy, format string, args ...any)) {
	switch {
	case c.Device == "":
		wrong("device", `name the modem's port; "postel modem probe" finds it`, "there is no port")
	case !filepath.IsAbs(c.Device):
		wrong("device", `write a path that begins with "/"`, "%q depends on where Postel is started", c.Device)
	}
	if !slices.Contains(speeds, c.Baud) {
		wrong("baud", "write 115200, or what the modem's manual says", "%d is no speed of a serial line", c.Baud)
	}
	if a, err := tpdu.ParseAddress(c.ServiceCentre); c.ServiceCentre != "" && (err != nil || !a.International()) {
		wrong("service_centre", `write it with "+" and country code`, "%q is not the number of a service centre", c.ServiceCentre)
	}
	if c.Memory != "" && !memoryForm.MatchString(c.Memory) {
		wrong("memory", `write "SM", "ME" or "MT", or leave it out`, "%q is no name of a memory", c.Memory)
	}
	if c.Indications != "" && !indicationForm.MatchString(c.Indications) {
		wrong("indications", `write up to five numbers of one digit, as "2,1,0,1,0", or leave it out`, "%q is nothing to tell AT+CNMI", c.Indications)
	}
	for _, line := range c.Init {
		c.checkCommand(line, wrong)
	}
	if c.Poll <= 0 {
		wrong("poll", `write a time such as "1m"`, "texts of which the modem did not tell would never be found")
	}
	if c.SilentChecks < 1 {
		wrong("silent_checks", "write 1 or more", "a modem that does not answer would never be opened anew")
	}
	if c.FailedSends < 1 {
		wrong("failed_sends", "write 1 or more", "a modem that cannot send would never be opened anew")
	}
	c.checkBalance(wrong)
}

// checkCommand refuses what is no command, and what has a secret in it: init shows
// in logs.
func (c *Config) checkCommand(line string, wrong func(key, remedy, format string, args ...any)) {
	command := strings.ToUpper(strings.ReplaceAll(line, " ", ""))
	switch {
	case !strings.HasPrefix(command, "AT") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }):
		wrong("init", `write commands such as "AT^CURC=0", one line each`, "%q is no command to a modem", line)
	case strings.Contains(command, "+CPIN=") || strings.Contains(command, "+CLCK=") || strings.Contains(command, "+CPWD="):
		wrong("init", `set pin = "…" instead: it is tried once, and never again if it was wrong`, "a command has a PIN in it")
	case strings.Contains(command, "+CMGS") || strings.Contains(command, "+CMGW") || strings.Contains(command, "+CMGC"):
		wrong("init", "take it out", "a command asks for a text")
	}
}

func (c *Config) checkBalance(wrong func(key, remedy, format string, args ...any)) {
	if c.BalanceCode == "" {
		if c.BalancePattern != "" || c.BalanceAlarm != 0 {
			wrong("balance_code", `write what one would dial, such as "*100#"`, "nobody is asked for the balance")
		}
		return
	}
	if !ussdForm.MatchString(c.BalanceCode) {
		wrong("balance_code", `write what one would dial, such as "*100#"`, "%q cannot be dialled", c.BalanceCode)
	}
	re, err := regexp.Compile(c.BalancePattern)
	switch {
	case err != nil:
		wrong("balance_pattern", "write an expression of Go (RE2), such as \"balance is ([0-9.,]+)\"", "%s", err)
	case re.NumSubexp() != 1:
		wrong("balance_pattern", `put parentheses around the amount, as in "balance is ([0-9.,]+)"`, "it has %d groups, and one is wanted", re.NumSubexp())
	}
	if c.BalanceEvery <= 0 {
		wrong("balance_every", `write a time such as "24h"`, "it would be asked for without a pause")
	}
}
