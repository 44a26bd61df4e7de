// Package at speaks with a modem in AT commands over whatever carries octets: a serial port, a pty, a pipe in tests
// (3GPP TS 27.005 and 27.007, ITU-T V.250).
//
// A Conn has one goroutine that reads. Do writes a command and waits for its final result; Send is for those that ask
// for a body with a prompt, such as AT+CMGS; Wake finds out whether anybody is there, and leaves a prompt where an
// earlier process was cut off. What a modem says by itself (texts, registration, calls, chatter) may come at any time,
// within a listing and between a command and its result: it is told apart and waits in order for Next.
//
// Commands go out one after the other. One that was given up leaves the Conn unsettled: the next one begins with the
// silence and the AT that make sure that a late result is not taken for its own.
//
// Real modems echo or do not, end lines with CR CR LF, forget the OK, quote what others do not, and mix line noise into
// all of it. The parsers, one for each answer that a driver needs, take the forms that are known; docs/quirks.md lists
// them. Where a modem is wrong about something that matters, an error says so, and nothing is guessed.
//
// Every octet can be traced. PINs never show in a trace or an error, texts only on request.
package at

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Options of a Conn. The zero value is ready.
type Options struct {
	Wait   time.Duration // for a final result, where the context has no deadline; 16 s
	Send   time.Duration // for the final result behind a body, in the same case; 180 s
	Prompt time.Duration // for a prompt; 10 s
	Probe  time.Duration // for the answer to the AT that finds out whether anybody is there; 2 s
	// Settle is the silence that ends what was going on, and that tells a prompt without its space from other text;
	// 200 ms.
	Settle time.Duration
	// WithoutOK is the silence after which a command whose only line came counts as done, though its OK did not; 2 s.
	WithoutOK time.Duration
	// Rest is a pause between a result and the next command, for modems that lose what comes sooner; none.
	Rest time.Duration
	// Trace is called for every line either way, in order, one call at a time. All waits for it, and it must not call
	// the Conn.
	Trace func(Trace)
	// Texts shows message bodies and USSD in traces. PINs stay hidden.
	Texts bool
}

func (o Options) withDefaults() Options {
	for d, usual := range map[*time.Duration]time.Duration{
		&o.Wait: 16 * time.Second, &o.Send: 180 * time.Second, &o.Prompt: 10 * time.Second, &o.Probe: 2 * time.Second,
		&o.Settle: 200 * time.Millisecond, &o.WithoutOK: 2 * time.Second,
	} {
		if *d <= 0 {
			*d = usual
		}
	}
	return o
}

// Conn is a connection with a modem. Its methods may be called by many goroutines; commands take turns.
type Conn struct {
	port io.ReadWriteCloser
	o    Options
	turn chan struct{} // holds one token while a command runs

	// These belong to whoever has the turn.
	unsettled bool      // what comes may belong to an earlier command
	resting   time.Time // no command before

	mu      sync.Mutex
	scan    scanner
	running *exchange // nil between commands
	sorter  sorter
	mask    mask
	heard   []Unsolicited
	more    chan struct{} // has a token if heard has grown
	lines   chan struct{} // has a token if something came

	once  sync.Once
	ended chan struct{}
	err   error // why it ended; read it after ended is closed
}

// ErrClosed is what ends a Conn on our side.
var ErrClosed = errors.New("the port was closed")

// New begins to read. The Conn owns the port and closes it when reading fails; a read that gives no octets and no
// error, as serial ports with a time-out do, is none. Close it in the end.
func New(port io.ReadWriteCloser, o Options) *Conn {
	c := &Conn{
		port: port, o: o.withDefaults(),
		turn: make(chan struct{}, 1), more: make(chan struct{}, 1), lines: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	c.mask.texts = o.Texts
	go c.read()
	return c
}

// Close closes the port. Whatever waits ends with ErrClosed.
func (c *Conn) Close() error { return c.end(ErrClosed) }

// Done is closed when the Conn has come to its end, Err says why.
func (c *Conn) Done() <-chan struct{} { return c.ended }

// Err gives why the Conn ended, nil before: ErrClosed, or what the port said, such as io.EOF where a modem was unplugged.
func (c *Conn) Err() error {
	select {
	case <-c.ended:
		return c.err
	default:
		return nil
	}
}

func (c *Conn) end(why error) (err error) {
	c.once.Do(func() {
		c.err = why
		close(c.ended)
		err = c.port.Close()
	})
	return err
}

// emptyRead is how long a read without octets is followed by rest, if the port does not rest by itself.
const emptyRead = 10 * time.Millisecond

func (c *Conn) read() {
	buffer := make([]byte, 4096)
	for {
		before := time.Now()
		n, err := c.port.Read(buffer)
		c.take(buffer[:n])
		if err != nil {
			_ = c.end(err) // the first error tells more than that of closing
			return
		}
		if n == 0 && time.Since(before) < emptyRead {
			select {
			case <-time.After(emptyRead):
			case <-c.ended:
				return
			}
		}
	}
}

// take sorts what was read.
func (c *Conn) take(octets []byte) {
	if len(octets) == 0 {
		return
	}
	c.mu.Lock()
	c.scan.prompting = c.running != nil && c.running.prompting
	for _, b := range octets {
		t, ok := c.scan.next(b)
		if !ok {
			continue
		}
		if c.o.Trace != nil {
			c.trace(c.mask.received(t, c.running, c.sorter.waiting()))
		}
		c.sort(t)
		c.scan.prompting = c.running != nil && c.running.prompting
	}
	c.mu.Unlock()
	signal(c.lines)
}

func (c *Conn) sort(t token) {
	heard := c.sorter.sort(t, c.running)
	if len(heard) == 0 {
		return
	}
	for _, u := range heard {
		c.keep(u)
	}
	signal(c.more)
}

// trace is called with the lock, so that traces are in order.
func (c *Conn) trace(t Trace) {
	t.Time = time.Now()
	c.o.Trace(t)
}

// signal puts a token into a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Bounds of what waits for Next.
const (
	maxMessages = 4096
	maxChatter  = 256
)

// keep puts something at the end of what waits for Next. When nobody listens the oldest chatter goes. A message that
// came without being stored is never thrown away for that; above maxMessages the newest is, which nobody will
// acknowledge, so that the network sends it again.
func (c *Conn) keep(u Unsolicited) {
	message, chatter, first := 0, 0, -1
	for i, h := range c.heard {
		if h.carries() {
			message++
		} else if chatter++; first < 0 {
			first = i
		}
	}
	switch {
	case u.carries() && message >= maxMessages:
		return
	case !u.carries() && chatter >= maxChatter:
		c.heard = append(c.heard[:first], c.heard[first+1:]...)
	}
	c.heard = append(c.heard, u)
}

// Next gives what the modem said by itself, oldest first. What came before the Conn ended is given before its error.
func (c *Conn) Next(ctx context.Context) (Unsolicited, error) {
	for {
		c.mu.Lock()
		if len(c.heard) > 0 {
			u := c.heard[0]
			c.heard = c.heard[1:]
			if len(c.heard) > 0 {
				signal(c.more)
			}
			c.mu.Unlock()
			return u, nil
		}
		c.mu.Unlock()
		select {
		case <-c.more:
		case <-ctx.Done():
			return Unsolicited{}, ctx.Err()
		case <-c.ended:
			c.mu.Lock()
			left := len(c.heard)
			c.mu.Unlock()
			if left == 0 {
				return Unsolicited{}, c.err
			}
		}
	}
}
