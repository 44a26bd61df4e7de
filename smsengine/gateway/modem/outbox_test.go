package modem

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// part is one of a message with so many.
func part(id string, n, of int) smsengine.Delivery {
	return smsengine.Delivery{Message: smsengine.Message{ID: smsengine.MessageID(id), Parts: make([]smsengine.Part, of)}, Part: n}
}

// The turn stays with a message until its last part, or until the next one does not come.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outbox
		l := newLine(nil)
		enter := func(d smsengine.Delivery, wait time.Duration) (bool, error) {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			return o.enter(ctx, l, d)
		}
		if first, err := enter(part("a", 0, 3), time.Second); !first || err != nil {
			t.Fatal(first, err)
		}
		o.leave(l, part("a", 0, 3), true)
		if _, err := enter(part("b", 0, 1), between-2*time.Second); err == nil {
			t.Fatal("another message came between")
		}
		if first, err := enter(part("a", 1, 3), time.Second); first || err != nil {
			t.Fatal("the next part has to wait", first, err)
		}
		o.leave(l, part("a", 1, 3), true)

		before := time.Now() // the message has stopped: a part that was recorded failed, or the engine stops
		if first, err := enter(part("b", 0, 1), time.Minute); !first || err != nil || time.Since(before) != between {
			t.Fatal(first, err, time.Since(before))
		}
		o.leave(l, part("b", 0, 1), true)
		if first, err := enter(part("a", 2, 3), time.Second); !first || err != nil {
			t.Fatal("the late part does not get a turn of its own", first, err)
		}
		o.leave(l, part("a", 2, 3), true)

		if _, err := enter(part("c", 0, 2), time.Second); err != nil {
			t.Fatal(err)
		}
		o.leave(l, part("c", 0, 2), false) // it failed: nothing is kept
		if first, err := enter(part("d", 0, 2), time.Second); !first || err != nil {
			t.Fatal(first, err)
		}
		o.leave(l, part("d", 0, 2), true)
		l = newLine(nil) // the modem was opened anew in the middle
		if first, err := enter(part("d", 1, 2), time.Second); !first || err != nil {
			t.Fatal(first, err)
		}
		o.leave(l, part("d", 1, 2), true)
	})
}

// The reference of what may have left is guessed once after each that is known.
func TestGuessedReferences(t *testing.T) {
	var o outbox
	l, other := newLine(nil), newLine(nil)
	if n := o.next(l); n != -1 {
		t.Errorf("%d at the beginning", n)
	}
	o.named(l, 255)
	if n := o.next(other); n != -1 {
		t.Errorf("%d after another line", n)
	}
	if n := o.next(l); n != 0 {
		t.Errorf("%d after 255", n)
	}
	if n := o.next(l); n != -1 {
		t.Errorf("%d after a failure", n)
	}
	o.named(l, 7)
	o.named(l, -1)
	if n := o.next(l); n != -1 {
		t.Errorf("%d after one without a reference", n)
	}
}
