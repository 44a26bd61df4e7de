package modem_test

import (
	"fmt"
	"strings"
	"testing"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

// What of the dialogue is in the log, and what is not.
func TestDialogue(t *testing.T) {
	const secret = "meet me at the station"
	for _, d := range []modem.Dialogue{modem.DialogueNone, modem.DialogueMasked, modem.DialogueFull} {
		t.Run(string(d), func(t *testing.T) {
			m := emulator.Start(t, emulator.SIM800, emulator.Options{PIN: "97531", USSD: map[string]string{"*100#": "Dear Jo, balance is 77.31"}})
			var log logBook
			o := quick()
			o.Log = log.logger()
			c := metered(m)
			c.PIN, c.Dialogue, c.ServiceCentre = "97531", d, "+15555550188"
			g := begin(t, c, o)
			ready(t, g)
			if err := sendOne(t, g, secret); err != nil {
				t.Fatal(err)
			}
			m.Receive("+15555550166", secret)
			eventually(t, g, "balance", func() bool { _, ok := reading(t, g, "balance"); return ok })
			g.Close()
			said := log.String()
			has := func(text string) bool { return strings.Contains(said, text) }
			if logged := has(`msg=modem gateway=modem dir=to size=7 line=AT+CSQ`); logged != (d != modem.DialogueNone) {
				t.Errorf("AT+CSQ is in the log: %v", logged)
			}
			if d != modem.DialogueNone && !has(`dir=from size=15 line="+CSQ: 20,99"`) {
				t.Error("the answer is not in the log")
			}
			if has("97531") {
				t.Error("the PIN is in the log")
			}
			sent := fmt.Sprintf("%X", m.Sent()[0].TPDU)
			if full := has(sent); full != (d == modem.DialogueFull) {
				t.Errorf("the text is in the log: %v", full)
			}
			if d == modem.DialogueFull {
				return
			}
			for _, private := range []string{"15555550123", "15555550166", "15555550188", "51555505", sent[20:], secret, "Dear Jo", "8988303000000614227"} {
				if has(private) {
					t.Errorf("%q is in the log", private)
				}
			}
		})
	}
}
