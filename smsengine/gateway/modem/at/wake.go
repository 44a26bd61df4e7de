package at

import (
	"context"
	"time"
)

// Wake finds out whether a modem is there, at the beginning and whenever it was silent. It writes ESC and, if that does
// not help, Ctrl-Z, to leave a prompt in which an earlier process died; then AT, up to so many times, each with
// Options.Probe. A modem that does not answer is a *SilenceError. ESC goes first because Ctrl-Z would send what stands
// at the prompt.
func (c *Conn) Wake(ctx context.Context, tries int) error {
	if err := c.takeTurn(ctx, "AT"); err != nil {
		return err
	}
	defer c.finish()
	c.unsettled = true
	var err error
	for i := range max(tries, 1) {
		leave := escape
		if i == 1 {
			leave = ctrlZ
		}
		if i < 2 {
			if err = c.write(ctx, leave); err != nil {
				return err
			}
		}
		if err = c.drain(ctx); err != nil {
			return err
		}
		if err = c.probe(ctx); err == nil {
			return c.calm(ctx)
		}
		if ctx.Err() != nil || c.Err() != nil {
			return err
		}
	}
	return err
}

// settleTries is how many AT may stay without an answer after a command that was given up.
const settleTries = 3

// settle waits for silence and for the answer to an AT, so that no late result is taken for that of the next command.
func (c *Conn) settle(ctx context.Context) error {
	var err error
	for i := range settleTries {
		if i > 0 { // perhaps the prompt came after all
			if err = c.write(ctx, escape); err != nil {
				return err
			}
		}
		if err = c.drain(ctx); err != nil {
			return err
		}
		if err = c.probe(ctx); err == nil {
			return c.calm(ctx)
		}
		if ctx.Err() != nil || c.Err() != nil {
			return err
		}
	}
	return err
}

// calm waits until nothing comes any more: the answer to an AT may have been that of something earlier.
func (c *Conn) calm(ctx context.Context) error {
	err := c.drain(ctx)
	if err == nil {
		c.unsettled = false
	}
	return err
}

// maxDrain bounds the wait for silence: some modems chatter without end.
const maxDrain = 10

// drain returns when nothing came for Options.Settle, or after ten times that.
func (c *Conn) drain(ctx context.Context) error {
	quiet, most := time.NewTimer(c.o.Settle), time.NewTimer(maxDrain*c.o.Settle)
	defer quiet.Stop()
	defer most.Stop()
	for {
		select {
		case <-c.lines:
			quiet.Reset(c.o.Settle)
		case <-quiet.C:
			return nil
		case <-most.C:
			return nil
		case <-ctx.Done():
			return c.silence(ctx, "AT")
		case <-c.ended:
			return c.err
		}
	}
}

// probe writes AT. Any result shows that somebody is there.
func (c *Conn) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.Probe)
	defer cancel()
	e := c.run(newExchange("AT"))
	if err := c.write(ctx, "AT\r"); err != nil {
		c.detach(e)
		return err
	}
	select {
	case <-e.done:
		c.detach(e)
		return nil
	case <-ctx.Done():
		c.detach(e)
		return c.silence(ctx, "AT")
	case <-c.ended:
		c.detach(e)
		return c.err
	}
}
