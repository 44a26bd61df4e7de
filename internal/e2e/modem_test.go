package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

// withModem makes the site's gateway a modem.
func withModem(t *testing.T, m *modem.Modem, more string) *site {
	t.Helper()
	s := newSite(t, "")
	s.stop()
	s.edit("type = \"sim\"", "type = \"modem\"")
	s.edit("[gateway.sim]\nreceipt_delay = \"10ms\"", fmt.Sprintf("[gateway.modem]\ndevice = %q\n%s", m.Path(), more))
	s.start()
	return s
}

// texts waits until phones have got n texts from a modem.
func texts(m *modem.Modem, n int) []modem.Message {
	m.Wait(fmt.Sprintf("%d texts", n), func() bool { return len(m.Texts()) >= n })
	return m.Texts()
}

// A mail becomes a text on the air, its receipt ends it, and the phone's answer is
// in the mailbox before it is gone from the modem.
func TestMailThroughAModem(t *testing.T) {
	m := modem.Start(t, modem.SIM800, modem.Options{PIN: "4711"})
	s := withModem(t, m, "pin = \"4711\"\n")
	long := strings.Repeat("Der Keller läuft voll 🌊, bitte kommen. ", 4)
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "Water at 41 cm"))
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m2", "x@example.org", "X-Options: none\n", strings.TrimSpace(long)))
	got := texts(m, 2)
	if got[0].Number != alice || got[0].Text != "Water at 41 cm" {
		t.Errorf("the phone has %+v", got[0])
	}
	if len(got[1].Parts) != 3 || got[1].Text != strings.TrimSpace(long) {
		t.Errorf("the long text came as %q in %d parts", got[1].Text, len(got[1].Parts))
	}
	s.wait("the receipts", func() error {
		if out := s.run("queue", "-all", "-state", "delivered"); strings.Count(out, alice) < 2 {
			return fmt.Errorf("delivered are\n%s", out)
		}
		return nil
	})

	m.Receive(alice, "Bin unterwegs, 10 min 🏃")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.Contains(body, "10 min") {
		t.Errorf("the answer is %q", body)
	}
	m.Wait("an empty SIM card", func() bool { used, _ := m.Stored("SM"); return used == 0 })

	status := s.run("modem", "status")
	for _, want := range []string{"sim  ready  registered", "sent 4", "received 1", "receipts 4", "signal_dbm"} {
		if !strings.Contains(status, want) {
			t.Errorf("postel modem status does not say %q:\n%s", want, status)
		}
	}
	if page := s.run("metrics"); !strings.Contains(page, `postel_gateway_sent_total{gateway="sim"} 4`) || !strings.Contains(page, `postel_gateway_signal_dbm{gateway="sim"}`) {
		t.Errorf("the metrics lack the modem:\n%s", page)
	}
	if attempts := m.SIM().Attempts(); !slices.Equal(attempts, []string{"4711"}) {
		t.Errorf("PINs tried: %q", attempts)
	}
}

// Pulled out, put in again, killed: what was accepted leaves, what phones sent
// arrives, once.
func TestAModemIsPulledOut(t *testing.T) {
	m := modem.Start(t, modem.EC25, modem.Options{})
	s := withModem(t, m, "")
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "first"))
	texts(m, 1)
	s.wait("its receipt", func() error { // before that the text may be in doubt
		if out := s.run("queue", "-all", "-state", "delivered"); !strings.Contains(out, alice) {
			return fmt.Errorf("delivered are\n%s", out)
		}
		return nil
	})
	m.Unplug()
	s.wait("the modem to be missed", func() error {
		st, err := s.control().Status(t.Context())
		if err == nil && st.Gateways["sim"].Ready {
			err = fmt.Errorf("it is ready: %s", st.Gateways["sim"].Text)
		}
		return err
	})
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m2", "x@example.org", "", "second"))
	m.Receive(alice, "while it was out")
	s.kill()
	s.start()
	m.Plug()
	if got := texts(m, 2); len(got) != 2 || got[1].Text != "second" {
		t.Errorf("the phone has %+v", got)
	}
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.Contains(body, "while it was out") {
		t.Errorf("the answer is %q", body)
	}
	s.settle()
	if n := len(s.dovecot.WaitInbox(testbed.John, 1)); n != 1 {
		t.Errorf("it came %d times", n)
	}
}
