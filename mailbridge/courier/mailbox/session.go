package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
)

// ErrSilent is the cause of a failure where the server did not say anything for
// too long.
var ErrSilent = errors.New("the server did not answer in time")

// Session is a connection that is logged in. Its commands are to be run by Do,
// one at a time.
type Session struct {
	*imapclient.Client
	line *line
}

// Do runs commands and waits for their answers. If ctx ends, or the server is
// silent for too long, the connection is cut, which ends every wait in f: go-imap
// alone would wait for ever.
func (n *Session) Do(ctx context.Context, f func() error) error {
	n.line.expect()
	stop := context.AfterFunc(ctx, n.cut)
	err := f()
	stop()
	silent := n.line.rest()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case silent:
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return err
}

// cut ends the connection, and so all that waits for it.
func (n *Session) cut() { _ = n.line.Close() }

// Quit takes leave of the server, without waiting long for its answer.
func (n *Session) Quit() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = n.Do(ctx, func() error { return n.Logout().Wait() })
	n.cut()
}

// line is the connection below the session. While something is expected of the
// server, each octet that moves is a sign of life, and without any for too long
// it is closed.
type line struct {
	net.Conn
	patience time.Duration

	mu     sync.Mutex
	watch  *time.Timer // nil: nothing is expected
	silent bool
}

func (l *line) expect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = false
	l.watch = time.AfterFunc(l.patience, l.giveUp)
}

func (l *line) giveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watch != nil {
		l.silent = true
		_ = l.Conn.Close()
	}
}

// rest ends what expect began and reports whether the server was too slow.
func (l *line) rest() (silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch.Stop()
	l.watch = nil
	return l.silent
}

func (l *line) alive(n int) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watch != nil {
		l.watch.Reset(l.patience)
	}
}

// Read is net.Conn's.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.alive(n)
	return n, err
}

// Write is net.Conn's.
func (l *line) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	l.alive(n)
	return n, err
}
