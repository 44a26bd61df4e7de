package modem_test

import (
	"strings"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// metered is a configuration that asks for the balance.
func metered(m *emulator.Modem) modem.Config {
	c := lively(m)
	c.BalanceCode, c.BalancePattern, c.BalanceAlarm = "*100#", "(?i)balance is ([0-9.,]+)", 5
	return c
}

// Every model is asked in the form that it wants, and the answer is read.
func TestBalance(t *testing.T) {
	for _, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			m := emulator.Start(t, p, emulator.Options{USSD: map[string]string{"*100#": "Your balance is 4,20 EUR."}})
			g := begin(t, metered(m), quick())
			eventually(t, g, "balance", func() bool { r, ok := reading(t, g, "balance"); return ok && r.Value == 4.2 })
			eventually(t, g, "alarm", func() bool { return strings.Contains(alarm(t, g, "balance"), "4.20") })
			mustSend(t, g, m)
		})
	}
}

// A code that nobody answers to does no harm, and what was found out before stays.
func TestBalanceIsNotToBeHad(t *testing.T) {
	for name, break_ := range map[string]func(*emulator.Modem){
		"unknown code": func(*emulator.Modem) {},
		"refused":      func(m *emulator.Modem) { m.Fail("+CUSD", emulator.CME(100).Times(-1)) },
		"silence":      func(m *emulator.Modem) { m.Fail("+CUSD", emulator.Result("OK").Times(-1)) },
	} {
		t.Run(name, func(t *testing.T) {
			m := emulator.Start(t, emulator.SIM800, emulator.Options{})
			break_(m)
			var log logBook
			o := quick()
			o.Log, o.Rests.Balance = log.logger(), 30*time.Millisecond
			g := begin(t, metered(m), o)
			eventually(t, g, "log", func() bool { return strings.Contains(log.String(), "cannot tell the balance") })
			mustSend(t, g, m)
			if _, ok := reading(t, g, "balance"); ok {
				t.Error("there is a balance")
			}
		})
	}
}

// A modem that is opened anew is not asked again before its time.
func TestBalanceIsNotAskedTooOften(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{USSD: map[string]string{"*100#": "Balance is 17"}})
	g := begin(t, metered(m), quick())
	eventually(t, g, "balance", func() bool { _, ok := reading(t, g, "balance"); return ok })
	m.Unplug()
	eventually(t, g, "noticed", func() bool { return !isReady(g) })
	m.Plug()
	mustSend(t, g, m)
	if r, _ := reading(t, g, "balance"); r.Value != 17 || m.Count("AT+CUSD=1") != 1 {
		t.Errorf("balance %v, asked %d times", r.Value, m.Count("AT+CUSD=1"))
	}
}

// A text is not disturbed: the code is dialled before it or after.
func TestBalanceWaitsForTexts(t *testing.T) {
	m := emulator.Start(t, emulator.E1556, emulator.Options{USSD: map[string]string{"*100#": "Balance is 17"}})
	c := metered(m)
	c.BalanceEvery = modem.Duration(time.Second)
	g := begin(t, c, quick())
	ready(t, g)
	for range 50 {
		if err := sendOne(t, g, "text"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, g, "balance", func() bool { r, ok := reading(t, g, "balance"); return ok && r.Value == 17 })
	if a := alarm(t, g, "balance"); a != "" {
		t.Error(a)
	}
}
