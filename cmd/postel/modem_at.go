package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

func modemAtCommand() *command {
	return &command{
		name: "at", args: "DEV", short: "a careful console for AT commands",
		long: "Reads AT commands, one a line, and prints what the modem answers and, behind \"*\", what\n" +
			"it says by itself. It refuses what can cost money, change something for good, use up a\n" +
			"try for a PIN or lose a text. AT+CMGS and AT+CMGW are asked for their body before they\n" +
			"are sent. With --anything, AT+CPIN= without a PIN asks for it and does not show it.\n" +
			"quit, or the end of the input, ends it.",
		setup: func(fs *flag.FlagSet) runner {
			o := consoleOptions{}
			fs.IntVar(&o.baud, "baud", port.Baud, "`speed` of a real serial line, bits/s")
			fs.BoolVar(&o.texts, "texts", false, "allow to send texts")
			fs.BoolVar(&o.anything, "anything", false, "allow everything")
			fs.DurationVar(&o.timeout, "timeout", 0, "how `long` to wait for an answer (default 16s, or 3m where that is usual)")
			fs.DurationVar(&o.wait, "wait", 0, "how `long` to listen when the input has ended")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the port of one modem; postel modem probe lists them")
				}
				return talk(ctx, t, args[0], o)
			}
		},
	}
}

type consoleOptions struct {
	baud            int
	texts, anything bool
	timeout, wait   time.Duration
}

// console is a conversation between somebody and a modem.
type console struct {
	consoleOptions
	*terminal
	conn   *at.Conn
	lines  *lineReader
	screen *screen
}

func talk(ctx context.Context, t *terminal, device string, o consoleOptions) error {
	// Root can open a port that ModemManager has, and would take its answers away.
	if holders := port.Holders(device); len(holders) > 0 {
		return &port.Error{Port: device, Kind: port.Busy, Holders: holders}
	}
	line, err := port.Open(device, o.baud)
	if err != nil {
		return err
	}
	c := &console{consoleOptions: o, terminal: t, lines: newLineReader(t), screen: &screen{t: t, person: asPerson(t)}}
	c.conn = at.New(line, at.Options{Texts: true, Trace: c.screen.trace})
	listened := make(chan struct{})
	defer func() { c.conn.Close(); <-c.conn.Done(); <-listened }()
	go func() { defer close(listened); c.listen() }()
	if err := c.conn.Wake(ctx, 3); err != nil {
		if errors.As(err, new(*at.SilenceError)) {
			return fmt.Errorf("%s: nothing answers to AT: a stick has several ports, of which only some are for commands; else see that the modem has power", device)
		}
		return fmt.Errorf("%s: %w", device, err)
	}
	if c.screen.person {
		t.printf("The modem answers. quit ends; what could harm is refused.\n")
	}
	return c.run(ctx)
}

// run reads commands until they end. Where nobody sits at a terminal, one that
// failed makes the whole fail.
func (c *console) run(ctx context.Context) error {
	failed := false
	for {
		line, err := c.lines.next(ctx, c.conn.Done(), "")
		if err != nil || line == "quit" || line == "exit" {
			if c.conn.Err() == nil && ctx.Err() == nil {
				c.linger(ctx)
			}
			break
		}
		if line == "" {
			continue
		}
		if err := c.command(ctx, line); err != nil {
			failed = true
			c.screen.printf("%s\n", err)
		}
		if c.conn.Err() != nil {
			break
		}
	}
	if err := c.conn.Err(); err != nil {
		return fmt.Errorf("the port is gone (%w): is the modem still plugged in?", err)
	}
	if failed && !c.screen.person {
		return errReported
	}
	return nil
}

// linger listens on when the input has ended.
func (c *console) linger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-c.conn.Done():
	}
}

// command sends one line, if it may be sent, and prints the answer.
func (c *console) command(ctx context.Context, line string) error {
	if !c.anything {
		if r := careful(line); r != nil && !(r.texts && c.texts) {
			return r
		}
	}
	line, err := c.complete(ctx, line)
	if err != nil {
		return err
	}
	body, err := c.body(ctx, line)
	if err != nil {
		return err
	}
	limit := c.limit(line, body != "")
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var a at.Answer
	c.screen.typed(line)
	if body != "" {
		a, err = c.conn.Send(ctx, line, body)
	} else {
		a, err = c.conn.Do(ctx, line)
	}
	c.screen.typed("")
	for _, l := range a.Lines {
		c.screen.printf("%s\n", clean(l))
	}
	return c.result(a, err, limit)
}

// result prints how a command ended.
func (c *console) result(a at.Answer, err error, limit time.Duration) error {
	if s, ok := errors.AsType[*at.SendError](err); ok {
		err = s.Err
		if s.Left && !errors.As(err, new(*at.ResultError)) {
			return fmt.Errorf("the text left, and nothing says what became of it: it may have been sent (%w)", err)
		}
	}
	switch r, isResult := errors.AsType[*at.ResultError](err); {
	case isResult:
		return errors.New(clean(r.Result))
	case errors.As(err, new(*at.SilenceError)):
		return fmt.Errorf("no answer within %v: it may come late; --timeout waits longer", limit)
	case errors.Is(err, at.ErrLine):
		return errors.New("not sent: only printable ASCII goes to a modem")
	case err != nil:
		return err
	case a.WithoutOK:
		c.screen.printf("(no OK came)\n")
	default:
		c.screen.printf("OK\n")
	}
	return nil
}

// complete asks for the PIN of a command that ends before it.
func (c *console) complete(ctx context.Context, line string) (string, error) {
	if !strings.EqualFold(line, "AT+CPIN=") {
		return line, nil
	}
	pin, err := c.lines.next(ctx, c.conn.Done(), "PIN: ")
	if err != nil || pin == "" {
		return "", errors.New("not sent: no PIN was given")
	}
	return line + `"` + strings.Trim(pin, `"`) + `"`, nil
}

// body asks for what goes to the prompt of a command that has one.
func (c *console) body(ctx context.Context, line string) (string, error) {
	upper := strings.ToUpper(line)
	if !strings.HasPrefix(upper, "AT+CMGS=") && !strings.HasPrefix(upper, "AT+CMGW=") || strings.HasSuffix(upper, "=?") {
		return "", nil
	}
	if c.screen.person {
		c.printf("body, one line of digits as \"postel tool pdu-encode\" gives them (empty: do not send)\n> ")
	}
	body, err := c.lines.next(ctx, c.conn.Done(), "")
	if err != nil || body == "" {
		return "", errors.New("not sent: no body was given")
	}
	return body, nil
}

// limit is how long a command may take.
func (c *console) limit(line string, body bool) time.Duration {
	if c.timeout > 0 {
		return c.timeout
	}
	upper := strings.ToUpper(line)
	for _, slow := range []string{"+COPS=", "+CUSD", "+CMSS", "+CMGC", "+CLCK", "+CPIN=", "+CFUN="} {
		if strings.Contains(upper, slow) || body {
			return 3 * time.Minute
		}
	}
	return 16 * time.Second
}

// listen prints what the modem says by itself.
func (c *console) listen() {
	for {
		u, err := c.conn.Next(context.Background())
		if err != nil {
			return
		}
		c.screen.printf("* %s\n", clean(strings.ReplaceAll(u.Line, "\n", " ")))
		if u.PDU != "" {
			c.screen.printf("* %s\n", clean(u.PDU))
		}
	}
}
