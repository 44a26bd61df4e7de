package modem_test

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// smstools' smsd sends, receives and gets a report, as on a real modem.
func TestSmstools(t *testing.T) {
	for _, c := range []struct {
		p     modem.Personality
		init  string
		scale float64
		rest  int // seconds after the PIN: smsd gives up where AT+CPIN? is answered with "busy"
	}{
		{modem.E220, "AT+CNMI=2,1,0,2", 0, 1},
		{modem.ES75, "AT+CNMI=2,1,0,2,1", 0.3, 4},
		{modem.MTCBA, "AT+CNMI=2,1,0,1,0", 0, 1},
		{modem.SIM800, "AT+CNMI=2,1,0,1,0", 0, 1},
	} {
		t.Run(c.p.Name, func(t *testing.T) {
			t.Parallel()
			m := modem.Start(t, c.p, modem.Options{PIN: "1234", Scale: c.scale})
			d := newSmsd(t, m, c.init, c.p, c.rest)
			d.write("outgoing/one", "To: 15555550123\n\nHello from smstools\n")
			part := m.WaitSent(1)[0]
			if part.Number != "+15555550123" || part.Text != "Hello from smstools" || !part.ReportAsked {
				t.Errorf("the phone got %+v", part)
			}
			d.wait("sent/one", "Message_id: 1")
			d.wait("report/*", "Message_id: 1")

			m.Receive("+15555550124", "Hello to smstools, 10 € @ home")
			m.Deliver(modem.Incoming{From: "Example", Text: "Ωraio 😀 " + strings.Repeat("ж", 70)})
			d.wait("incoming/*", "Hello to smstools")
			got := d.wait("incoming/*", "From: Example")
			if !strings.Contains(got, "UCS2") {
				t.Errorf("received %q", got)
			}
			long := strings.Repeat("0123456789", 17)
			d.write("outgoing/two", "To: 15555550123\n\n"+long+"\n")
			m.WaitSent(3)
			if texts := m.Texts(); texts[len(texts)-1].Text != long {
				t.Errorf("the phone shows %q", texts[len(texts)-1].Text)
			}
			if tried := m.SIM().Attempts(); len(tried) != 1 {
				t.Errorf("PINs tried: %q", tried)
			}
		})
	}
}

// So does gammu-smsd. It gets cards without a PIN: it takes "SMS Ready" and the
// like, which come once the PIN was given, for the answer to its next command.
func TestGammu(t *testing.T) {
	for _, p := range []modem.Personality{modem.E1556, modem.EC25, modem.SIM800} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			m := modem.Start(t, p, modem.Options{})
			d := newGammu(t, m)
			d.write("outbox/OUTC20261123_120000_00_+15555550123_sms0.txtd", "Hello from gammu")
			part := m.WaitSent(1)[0]
			if part.Number != "+15555550123" || part.Text != "Hello from gammu" || !part.ReportAsked {
				t.Errorf("the phone got %+v", part)
			}
			m.Receive("+15555550124", "Hello to gammu")
			d.wait("inbox/*", "Hello to gammu")
			if p.Name == modem.EC25.Name {
				// It has a memory for reports, which gammu does not read (its issue 408).
				m.Wait("the report", func() bool { n, _ := m.Stored("SR"); return n == 1 })
				return
			}
			d.wait("inbox/*", "Delivered")
			if !p.USB {
				return
			}
			m.Unplug() // gammu opens the port again after three errors
			d.write("outbox/OUTC20261123_120001_00_+15555550123_sms0.txt", "Still there?")
			d.wait("log", "Input/output error")
			m.Plug()
			if last := m.WaitSent(2)[1]; last.Text != "Still there?" {
				t.Errorf("the phone got %+v", last)
			}
		})
	}
}
