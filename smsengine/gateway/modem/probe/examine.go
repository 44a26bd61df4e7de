package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// Examine asks one port; baud 0 is port.Baud. Whoever has it open is left alone. A
// port that is silent costs some ten seconds; Options are those of the
// conversation.
func Examine(ctx context.Context, p Port, baud int, o at.Options) Report {
	if baud == 0 {
		baud = port.Baud
	}
	r := Report{Port: p, Baud: baud}
	// Root can open a port that ModemManager has, and would take its answers away.
	if holders := port.Holders(p.Path); len(holders) > 0 {
		r.refuse(&port.Error{Port: p.Path, Kind: port.Busy, Holders: holders})
		return r
	}
	line, err := port.Open(p.Path, baud)
	if err != nil {
		r.refuse(err)
		return r
	}
	r.ask(ctx, line, o)
	return r
}

func (r *Report) refuse(err error) {
	r.Problem, r.Remedy = err.Error(), "see the log of the kernel (dmesg)"
	if e, ok := errors.AsType[*port.Error](err); ok {
		r.Problem, r.Remedy = e.Problem(), e.Remedy()
	}
}

// ask has the whole conversation.
func (r *Report) ask(ctx context.Context, line io.ReadWriteCloser, o at.Options) {
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	c := at.New(line, o)
	defer func() { c.Close(); <-c.Done() }()
	if err := c.Wake(ctx, 2); err != nil {
		r.Problem = "nothing answers to AT"
		r.Remedy = "sticks have several ports, and this may be one for data or GPS; else see that the modem has power, or try another --baud"
		if !errors.As(err, new(*at.SilenceError)) {
			r.Problem, r.Remedy = "the port failed: "+err.Error(), "plug the modem in again"
		}
		return
	}
	r.Answers = true
	e := &examination{Report: r, ctx: ctx, conn: c}
	e.run()
	if e.broken != nil {
		r.Problem, r.Remedy = "it stopped answering: "+e.broken.Error(), "plug it in again, and run this once more"
	}
}

// examination is the conversation with a modem that answers.
type examination struct {
	*Report
	ctx    context.Context
	conn   *at.Conn
	broken error // silence, or a port that is gone: there is no use in asking on
}

// do asks, and tells whether the modem said OK.
func (e *examination) do(command string) (at.Answer, error) {
	if e.broken != nil {
		return at.Answer{}, e.broken
	}
	a, err := e.conn.Do(e.ctx, command)
	switch {
	case err == nil, errors.As(err, new(*at.ResultError)):
	case errors.As(err, new(*at.SilenceError)) && e.conn.Wake(e.ctx, 1) == nil:
		e.note("no answer to %s", command)
	default:
		e.broken = err
	}
	return a, err
}

// answer asks, and reads what came; ok is false where that is nothing.
func answer[A any](e *examination, command string, parse func(at.Answer) (A, error)) (value A, ok bool) {
	a, err := e.do(command)
	if err == nil {
		value, err = parse(a)
	}
	return value, err == nil
}

func (e *examination) run() {
	e.identify()
	_, back := e.lent("+CMEE", 1) // errors with numbers, for what follows
	defer back()
	e.card()
	e.network()
	e.texts()
	e.judge()
}

// lent switches something for as long as the examination lasts, and gives what
// switches it back; ok is false where that is not known, or the modem refuses.
func (e *examination) lent(name string, value int) (ok bool, back func()) {
	back = func() {}
	was, ok := answer(e, "AT"+name+"?", func(a at.Answer) (int, error) { return at.ParseNumber(a, name) })
	if !ok || was == value {
		return ok, back
	}
	if _, err := e.do(fmt.Sprintf("AT%s=%d", name, value)); err != nil {
		return false, back
	}
	return true, func() { _, _ = e.do(fmt.Sprintf("AT%s=%d", name, was)) }
}
