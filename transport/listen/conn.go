package listen

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// ErrDrain is what Read returns when the connection is idle and its listener
// drains: say good-bye and close it.
var ErrDrain = errors.New("the server is shutting down")

const bufferSize = 8 << 10

// Conn is a connection with buffers and deadlines. What is written leaves when
// the buffer is full, before Read waits for the peer, and on Close: a server
// that answers several commands at once sends one packet.
//
// One goroutine may read while another writes.
type Conn struct {
	net.Conn
	// Reader is the buffer that Read reads from.
	Reader *bufio.Reader

	limit    time.Duration
	listener *Listener // nil in tests
	once     sync.Once // leaves it

	mu       sync.Mutex // guards the deadline of reading and what follows
	idle     bool
	draining bool
	latest   time.Time // when a Read ends at the latest; zero: never

	wmu    sync.Mutex // guards out and secure
	out    *bufio.Writer
	secure *tls.Conn // around Conn since StartTLS, nil before
}

// newConn gives buffers and deadlines to a connection.
func newConn(raw net.Conn, limit time.Duration) *Conn {
	c := &Conn{Conn: raw, limit: limit}
	c.Reader = bufio.NewReaderSize(peer{c}, bufferSize)
	c.out = bufio.NewWriterSize(peer{c}, bufferSize)
	return c
}

// Read reads through the buffer.
func (c *Conn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// Write writes to the buffer.
func (c *Conn) Write(p []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.out.Write(p)
}

// Flush sends what was written.
func (c *Conn) Flush() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.out.Flush()
}

// Close sends what was written and ends the connection.
func (c *Conn) Close() error {
	_ = c.Conn.SetWriteDeadline(time.Now().Add(time.Second)) // a peer that does not read must not hold us
	_ = c.Flush()
	c.wmu.Lock()
	secure := c.secure
	c.wmu.Unlock()
	if secure != nil {
		_ = secure.CloseWrite() // so that the peer knows that nothing was cut off
	}
	return c.cut()
}

// cut ends the connection at once.
func (c *Conn) cut() error {
	err := c.Conn.Close()
	if c.listener != nil {
		c.once.Do(func() { c.listener.forget(c) })
	}
	return err
}

// SetIdle says whether the connection owes its peer nothing from here on: no
// command, no message is under way.
func (c *Conn) SetIdle(idle bool) {
	c.mu.Lock()
	c.idle = idle
	c.mu.Unlock()
}

// drain ends the connection where it is idle, now or later.
func (c *Conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if c.idle {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0)) // wakes a Read that waits
	}
}

// arm sets the deadline of the next read, or returns ErrDrain if there shall be
// none.
func (c *Conn) arm() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining && c.idle {
		return ErrDrain
	}
	until := time.Now().Add(c.limit)
	if !c.latest.IsZero() && c.latest.Before(until) {
		until = c.latest
	}
	return c.Conn.SetReadDeadline(until)
}

// SetReadDeadline bounds reading as net.Conn has it, besides the time that a peer
// may be silent: a server gives a whole request so long, however steadily it
// trickles.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = t
	if c.draining && c.idle {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline bounds reading as SetReadDeadline does, and writing.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.Conn.SetWriteDeadline(t))
}

// peer is the other end without buffers.
type peer struct{ c *Conn }

func (p peer) Read(b []byte) (int, error) {
	if err := p.c.Flush(); err != nil {
		return 0, err
	}
	if err := p.c.arm(); err != nil {
		return 0, err
	}
	n, err := p.stream(p.c.secure).Read(b)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		if drain := p.c.arm(); errors.Is(drain, ErrDrain) {
			return 0, drain
		}
	}
	return n, err
}

func (p peer) Write(b []byte) (int, error) {
	_ = p.c.Conn.SetWriteDeadline(time.Now().Add(p.c.limit))
	return p.stream(p.c.secure).Write(b)
}

// stream is what the octets go through. StartTLS is called where reading is, so
// that a Read needs no lock to know.
func (p peer) stream(secure *tls.Conn) io.ReadWriter {
	if secure != nil {
		return secure
	}
	return p.c.Conn
}
