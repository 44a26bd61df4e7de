package at

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Answer is what a modem answered with OK.
type Answer struct {
	Lines     []string // between command and result, without those that it said by itself
	WithoutOK bool     // the result did not come, but the line that matters did
}

// Line gives the first line with this name, "+CSQ", or else the first that has none; "" if there is none.
func (a Answer) Line(name string) string {
	plain := ""
	for _, line := range a.Lines {
		n, _ := Fields(line)
		if n == name {
			return line
		}
		if n == "" && plain == "" {
			plain = line
		}
	}
	return plain
}

const (
	ctrlZ  = "\x1a"
	escape = "\x1b"
)

// Do writes a command, "AT+CSQ", and waits for its result. Any result but OK is a *ResultError; a modem that does not
// answer in time a *SilenceError, which wraps the context's error. The command must be one line; its PIN, if it has one,
// is hidden from then on.
func (c *Conn) Do(ctx context.Context, command string) (Answer, error) {
	if err := checkLine(command); err != nil {
		return Answer{}, err
	}
	ctx, cancel := within(ctx, c.o.Wait)
	defer cancel()
	if err := c.begin(ctx, command); err != nil {
		return Answer{}, err
	}
	defer c.finish()
	e := c.run(newExchange(command))
	if err := c.write(ctx, command+"\r"); err != nil {
		c.stop(e)
		return Answer{}, err
	}
	return c.await(ctx, e)
}

// Send writes a command that asks for a body, such as AT+CMGS, and gives the body when the prompt came, then waits for
// the result. The body is written only to a prompt. Whatever goes wrong is a *SendError, which knows whether the body
// had left: if so, the outcome may be unknown. A prompt that did not come is left with ESC.
func (c *Conn) Send(ctx context.Context, command, body string) (Answer, error) {
	if err := checkLine(command); err != nil {
		return Answer{}, &SendError{Err: err}
	}
	if err := checkLine(body); err != nil {
		return Answer{}, &SendError{Err: err}
	}
	ctx, cancel := within(ctx, c.o.Send)
	defer cancel()
	if err := c.begin(ctx, command); err != nil {
		return Answer{}, &SendError{Err: err}
	}
	defer c.finish()
	e := newExchange(command)
	e.prompting, e.body = true, body
	c.run(e)
	if err := c.write(ctx, command+"\r"); err != nil {
		c.stop(e)
		return Answer{}, &SendError{Err: err}
	}
	if err := c.awaitPrompt(ctx, e); err != nil {
		return Answer{}, &SendError{Err: err}
	}
	if err := c.write(ctx, body+ctrlZ); err != nil {
		c.stop(e)
		return Answer{}, &SendError{Left: true, Err: err}
	}
	a, err := c.await(ctx, e)
	if err != nil {
		return a, &SendError{Left: true, Err: err}
	}
	return a, nil
}

// ErrLine is a command or body that is not one line of printable ASCII: what is behind a line end would be a command
// of its own.
var ErrLine = errors.New("not one line of printable characters")

func checkLine(text string) error {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return ErrLine
	}
	return nil
}

// within gives the context a deadline if it has none.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// run makes an exchange the one that lines go to.
func (c *Conn) run(e *exchange) *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = e
	c.mask.learn(e.command)
	return e
}

// stop ends an exchange that was given up.
func (c *Conn) stop(e *exchange) {
	c.unsettled = true
	c.detach(e)
}

// detach takes the lines of an exchange, after which none goes to it.
func (c *Conn) detach(e *exchange) (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running, c.sorter.last = nil, e.command
	return e.lines
}

// await waits for the final result.
func (c *Conn) await(ctx context.Context, e *exchange) (Answer, error) {
	quiet := time.NewTimer(c.o.WithoutOK)
	defer quiet.Stop()
	for {
		select {
		case <-e.done:
			lines := c.detach(e)
			if strings.EqualFold(e.final, "OK") {
				return Answer{Lines: lines}, nil
			}
			return Answer{Lines: lines}, newResultError(e.command, e.final)
		case <-c.lines:
			quiet.Reset(c.o.WithoutOK)
		case <-quiet.C:
			if c.enough(e) {
				c.unsettled = true // the OK may be late
				return Answer{Lines: c.detach(e), WithoutOK: true}, nil
			}
		case <-ctx.Done():
			select { // a result that came at the same moment counts
			case <-e.done:
				continue
			default:
			}
			c.unsettled = true
			return Answer{Lines: c.detach(e)}, c.silence(ctx, e.command)
		case <-c.ended:
			select { // so does one that came before the end
			case <-e.done:
				continue
			default:
			}
			return Answer{Lines: c.detach(e)}, c.err
		}
	}
}

func (c *Conn) enough(e *exchange) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.single()
}

// awaitPrompt waits for the prompt. Without one it writes ESC and ends the exchange.
func (c *Conn) awaitPrompt(ctx context.Context, e *exchange) error {
	patience := time.NewTimer(c.o.Prompt)
	defer patience.Stop()
	quiet := time.NewTimer(c.o.Settle)
	defer quiet.Stop()
	for {
		select {
		case <-e.prompted:
			return nil
		case <-e.done:
			c.detach(e)
			return newResultError(e.command, e.final)
		case <-c.lines:
			quiet.Reset(c.o.Settle)
		case <-quiet.C:
			if c.lonePrompt(e) {
				return nil
			}
		case <-patience.C:
			c.leavePrompt(e)
			return &SilenceError{Command: maskCommand(e.command), Prompt: true, Err: context.DeadlineExceeded}
		case <-ctx.Done():
			c.leavePrompt(e)
			return c.silence(ctx, e.command)
		case <-c.ended:
			c.detach(e)
			return c.err
		}
	}
}

// lonePrompt takes a > for a prompt behind which nothing came for a while.
func (c *Conn) lonePrompt(e *exchange) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.prompting || !c.scan.lonePrompt() {
		return false
	}
	c.scan.emit(true)
	e.prompt()
	return true
}

// leavePrompt makes sure that the next command is not taken for the text of a message.
func (c *Conn) leavePrompt(e *exchange) {
	c.stop(e)
	ctx, cancel := context.WithTimeout(context.Background(), c.o.Settle)
	defer cancel()
	_ = c.write(ctx, escape) // if it cannot be written, settling will fail, too
}

func (c *Conn) silence(ctx context.Context, command string) error {
	return &SilenceError{Command: maskCommand(command), Err: ctx.Err()}
}
