package modem

import (
	"context"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// between is how long the next part of a message may take to come. After that others
// get their turn: the message may have stopped in the middle.
const between = 5 * time.Second

// outbox knows whose turn it is to send, and what was sent last. The zero value is
// ready.
type outbox struct {
	mu   sync.Mutex
	held *hold
	line *line // that the last part was sent through, if the modem named it
	last int   // its reference
}

// hold is a turn kept for the next part of a message.
type hold struct {
	line    *line
	message smsengine.MessageID
	timer   *time.Timer
}

// enter waits for the turn of a line. The one that was kept since the part before is
// there at once; else first is true.
func (o *outbox) enter(ctx context.Context, l *line, d smsengine.Delivery) (first bool, err error) {
	o.mu.Lock()
	if h := o.held; h != nil && h.line == l && h.message == d.Message.ID && h.timer.Stop() {
		o.held = nil
		o.mu.Unlock()
		return false, nil
	}
	o.mu.Unlock()
	return true, l.take(ctx)
}

// leave ends a turn, or keeps it for the next part if there is one.
func (o *outbox) leave(l *line, d smsengine.Delivery, sent bool) {
	if !sent || !d.More() {
		l.give()
		return
	}
	h := &hold{line: l, message: d.Message.ID}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = h
	h.timer = time.AfterFunc(between, func() { o.drop(h) })
}

// drop gives back a turn that nobody took up.
func (o *outbox) drop(h *hold) {
	o.mu.Lock()
	if o.held == h {
		o.held = nil
	}
	o.mu.Unlock()
	h.line.give()
}

// named notes the reference of what was sent; -1 if the modem did not tell.
func (o *outbox) named(l *line, ref int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.line, o.last = l, ref
	if ref < 0 {
		o.line = nil
	}
}

// next guesses the reference of a part that failed: the one after the last, if that
// went well and through the same line. After a failure nobody knows whether the
// modem counted it.
func (o *outbox) next(l *line) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.line != l {
		return -1
	}
	o.line = nil
	return (o.last + 1) % 256
}
