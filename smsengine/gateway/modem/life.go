package modem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// prepare checks the configuration, and makes what the gateway remembers.
func (g *Gateway) prepare() error {
	var wrong []error
	g.config.Check(func(key, remedy, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("modem: %s: %s: %s", key, fmt.Sprintf(format, args...), remedy))
	})
	if err := new(PIN).UnmarshalText([]byte(g.config.PIN)); err != nil {
		wrong = append(wrong, fmt.Errorf("modem: pin: %w", err))
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	g.amount = regexp.MustCompile(g.config.BalancePattern)
	g.o.Rests = g.o.Rests.withDefaults()
	g.pins = pins{g.o.Pins}
	if g.config.PIN != "" {
		if err := g.pins.check(); err != nil {
			return err
		}
	}
	g.state, g.inbox = newState(g.config), newInbox(g)
	return nil
}

func (r Rests) withDefaults() Rests {
	for d, usual := range map[*time.Duration]time.Duration{
		&r.AfterPIN: 2 * time.Second, &r.AfterClose: time.Second, &r.Reopen: 2 * time.Second, &r.Most: time.Minute,
		&r.Boot: time.Minute, &r.Network: 5 * time.Minute, &r.Missing: time.Minute, &r.Balance: time.Minute,
	} {
		if *d <= 0 {
			*d = usual
		}
	}
	return r
}

// live keeps the modem alive until ctx ends: one session after the other, with
// what recovery does between them.
func (g *Gateway) live(ctx context.Context) {
	r := recovery{Gateway: g}
	for ctx.Err() == nil {
		err := r.session(ctx)
		g.state.learn((*facts).forget)
		if ctx.Err() == nil {
			r.rest(ctx, err)
		}
	}
	g.state.learn(func(f *facts) { f.phase = "closed" })
}

// Why a session ends, besides what the port says.
var (
	errSilent = errors.New("the modem does not answer")
	errLost   = errors.New("the modem's port has failed, or it was unplugged")
	errBooted = errors.New("the modem has restarted")
	errCard   = errors.New("the SIM card has changed")
	errChecks = errors.New("the modem did not answer to several checks in a row")
	errSends  = errors.New("several texts in a row could not be sent")
)

// session is the modem's life from the opening of its port to its closing. The
// error says why it ended.
func (r *recovery) session(parent context.Context) error {
	p, err := port.Open(r.config.Device, r.config.Baud)
	if err != nil {
		return err
	}
	r.opened()
	l := newLine(at.New(p, r.dialogue()))
	l.rest = r.o.Rests.AfterClose
	defer l.Close()
	ctx, end := context.WithCancelCause(parent)
	defer end(nil)
	go func() {
		select {
		case <-l.failed:
			end(l.why())
		case <-l.Done():
			end(fmt.Errorf("%w: %w", errLost, l.Err()))
		case <-ctx.Done():
		}
		r.state.learn(func(f *facts) {
			if f.line == l {
				f.line = nil
			}
		})
	}()
	r.state.learn(func(f *facts) { f.phase = "waiting for the modem to answer" })
	if err = l.Wake(ctx, wakeTries); err != nil {
		r.restartSilent(ctx, p)
		return cmp.Or(context.Cause(ctx), fmt.Errorf("%w: %w", errSilent, err))
	}
	r.awake()
	err = r.serve(ctx, l)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, errSends) || errors.Is(err, errCard) {
		r.letFinish(parent, l)
	}
	if parent.Err() == nil && r.restarts(l, err) {
		r.restart(parent, l)
	}
	return err
}

// letFinish waits for a text under way, whose fate would not be known otherwise.
func (r *recovery) letFinish(ctx context.Context, l *line) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.o.AT.Send, sendTime))
	defer cancel()
	select {
	case l.turn <- struct{}{}: // and nobody gets it any more
	case <-l.Done():
	case <-ctx.Done():
	}
}

// sendTime is how long package at waits for the result of a text.
const sendTime = 3 * time.Minute

// wakeTries is how many AT may stay without an answer before the port is opened anew.
const wakeTries = 3

// serve makes the modem ready and then lets everybody work with it, until ctx ends.
func (g *Gateway) serve(ctx context.Context, l *line) error {
	early, err := g.beginHeard(ctx, l)
	if err != nil {
		return err
	}
	select {
	case <-l.looks: // has just been done
	default:
	}
	g.state.clear("setup")
	g.state.learn(func(f *facts) { f.line = l })
	var work sync.WaitGroup
	work.Go(func() { g.listen(ctx, l, early) })
	work.Go(func() { g.watch(ctx, l) })
	work.Go(func() { g.askBalance(ctx, l) })
	work.Wait()
	return nil
}
