package at

import (
	"context"
	"errors"
	"time"
)

// writeGrace is how long a write may go on after the context has ended, before the port is taken for dead.
const writeGrace = time.Second

// write gives octets to the port. One that hangs, as a serial port without a reader can, ends the Conn: what was
// written of it is not known.
func (c *Conn) write(ctx context.Context, octets string) error {
	if c.o.Trace != nil {
		c.mu.Lock()
		c.trace(c.mask.sent(octets))
		c.mu.Unlock()
	}
	written := make(chan error, 1)
	go func() {
		_, err := c.port.Write([]byte(octets))
		written <- err
	}()
	select {
	case err := <-written:
		return c.writeError(err)
	case <-c.ended:
		return c.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(writeGrace)
	defer timer.Stop()
	select {
	case err := <-written:
		return c.writeError(err)
	case <-timer.C:
		return c.writeError(errStuck)
	case <-c.ended:
		return c.err
	}
}

var errStuck = errors.New("the port does not take what is written")

func (c *Conn) writeError(err error) error {
	if err == nil {
		return nil
	}
	_ = c.end(err)
	return c.err
}
