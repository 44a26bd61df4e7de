package modem

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// line is a modem that was made ready: what there is between two failures. life.go
// makes it; sending and receiving use it.
type line struct {
	*at.Conn
	// memories are those that texts and receipts are read from: first the one that
	// what comes is stored in, then what else may hold some, "SR" last. None: the
	// modem cannot store.
	memories  []string
	confirms  bool // +CMT and +CDS wait for AT+CNMA (27.005 §4.6)
	tells     bool // it was told to tell of texts or receipts (AT+CNMI)
	keepsLink bool // AT+CMMS works (27.005 §3.5.6)

	rest     time.Duration  // before a modem is asked again that was busy
	reports  map[string]int // <n> of +CREG and +CEREG, as it was set and read back; without it the modem does not know them
	failures atomic.Int32   // sends that failed in a row
	looks    chan struct{}  // has a token if something has changed
	ussd     chan at.USSD   // what the network says

	// turn is held by whoever must not be disturbed: a message with several parts, a
	// look through a memory. Waiters get it in the order in which they came.
	turn chan struct{}

	mu     sync.Mutex
	seen   map[string]at.Registration // as last told, by command
	broken error
	failed chan struct{} // closed once the line is no good any more
}

func newLine(c *at.Conn) *line {
	return &line{
		Conn: c, rest: time.Second, reports: make(map[string]int), looks: make(chan struct{}, 1), ussd: make(chan at.USSD, 1),
		turn: make(chan struct{}, 1), failed: make(chan struct{}),
	}
}

// take takes the turn; give gives it back.
func (l *line) take(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		if why := l.why(); why != nil { // nothing is begun that would be cut off
			l.give()
			return why
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.failed:
		return l.why()
	}
}

func (l *line) give() { <-l.turn }

// look has somebody look at the modem soon.
func (l *line) look() {
	select {
	case l.looks <- struct{}{}:
	default:
	}
}

// fail says that the modem must be opened anew, and why. The first reason counts.
func (l *line) fail(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = why
		close(l.failed)
	}
}

func (l *line) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}
