package at

import (
	"context"
	"time"
)

// begin waits for the turn, for the rest after the last command, and for silence if that was given up.
func (c *Conn) begin(ctx context.Context, command string) error {
	if err := c.takeTurn(ctx, command); err != nil {
		return err
	}
	if c.unsettled {
		if err := c.settle(ctx); err != nil {
			c.finish()
			return err
		}
	}
	return nil
}

func (c *Conn) takeTurn(ctx context.Context, command string) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return c.silence(ctx, command)
	case <-c.ended:
		return c.err
	}
	if err := c.Err(); err != nil {
		<-c.turn
		return err
	}
	if ctx.Err() != nil { // nothing is written for somebody who has gone
		<-c.turn
		return c.silence(ctx, command)
	}
	if err := c.pause(ctx, time.Until(c.resting)); err != nil {
		<-c.turn
		return err
	}
	return nil
}

func (c *Conn) finish() {
	c.resting = time.Now().Add(c.o.Rest)
	<-c.turn
}

// Rest keeps the next command waiting for at least d, as some modems want after a PIN.
func (c *Conn) Rest(ctx context.Context, d time.Duration) error {
	if err := c.takeTurn(ctx, ""); err != nil {
		return err
	}
	c.resting = time.Now().Add(d)
	<-c.turn
	return nil
}

func (c *Conn) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return c.err
	}
}
