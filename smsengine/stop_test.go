package smsengine_test

import (
	"context"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// A text that waits when its phone says STOP to the number that it would leave
// from is not sent any more, and its sender hears why. What has left in part goes
// on.
func TestStopWhileTextsWait(t *testing.T) {
	ours, theirs := smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101")
	for _, c := range []struct {
		text string
		busy []error // of the first sends
		end  smsengine.State
		sent int
	}{
		{"hello", []error{busy}, smsengine.Failed, 1}, // the one that was tried before
		{"hello again", []error{nil, busy}, smsengine.Sent, 3},
	} {
		b := newBench(t, func(b *bench) {
			lane := b.cfg.Gateways["sim"]
			lane.Number = ours
			b.cfg.Gateways["sim"] = lane
			b.sim.script, b.sim.hold, b.sim.begun = c.busy, make(chan struct{}), make(chan struct{}, 10)
		})
		id := b.submit(c.text, theirs.Value)[0].ID
		<-b.sim.begun
		if err := b.store.Suppress(context.Background(), smsengine.Suppress{Ours: ours, Theirs: theirs, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
		close(b.sim.hold)
		m := b.until(id, c.end)
		if n := len(b.sim.texts()); n != c.sent {
			t.Errorf("%s: %d texts were handed over, want %d", c.text, n, c.sent)
		}
		if c.end == smsengine.Failed && (m.Status != smsengine.Stopped().Status || len(b.reports(id)) != 1) {
			t.Errorf("%s: %+v, %d reports", c.text, m.Status, len(b.reports(id)))
		}
	}
}

var busy = smsengine.Fail("sim", smsengine.Temporary, "4.4.5", "the network is busy", nil)
