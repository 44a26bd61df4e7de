package modem

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
)

// FuzzReadItem: whatever a stranger makes the network bring, what is handed over can be stored and read again, and
// names a sender that fits into a line.
func FuzzReadItem(f *testing.F) {
	for _, pdu := range []string{
		"07915155550591F9040B915155550521F300006211227193110004E8329B0C",
		"00040B915155550521F30000FFFFFFFFFFFFFF05E8329BFD06",
		"07915155550591F906010B915155550524F7621132719155006211327191550000",
		"00440BD0CDA4100895E905000462112271931100140B05040B8423F0000309020100010203",
		"0004000000006211227193110000",
		"0011000B915155550521F30000AA05E8329BFD06",
	} {
		f.Add(pdu, len(pdu)/2-1)
		f.Add(pdu, -1)
	}
	f.Fuzz(func(t *testing.T, pdu string, length int) {
		it, err := readItem(pdu, length)
		if err != nil || it.ours || it.nothing != "" {
			return
		}
		switch {
		case it.text != nil:
			p := *it.text
			if p.Seq < 1 || p.Total < p.Seq || p.From.Value == "" || strings.ContainsFunc(p.From.Value, unicode.IsControl) {
				t.Fatalf("%+v", p)
			}
			b, err := json.Marshal(p)
			var again smsengine.IncomingPart
			if err != nil || json.Unmarshal(b, &again) != nil || again.From != p.From || again.Text != p.Text || !again.Sent.Equal(p.Sent) {
				t.Fatalf("%+v becomes %+v (%v)", p, again, err)
			}
		case it.report != nil:
			r := *it.report
			if r.Reference == "" || r.Final == smsengine.PartFailed && (r.Status.Class != smsengine.Permanent || !strings.HasPrefix(r.Status.Code, "5.")) {
				t.Fatalf("%+v", r)
			}
		default:
			t.Fatal("it is nothing at all")
		}
	})
}
