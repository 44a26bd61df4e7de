package modem

import (
	"context"
	"errors"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// watch looks through the memory of a modem that has just been made ready, and
// then at both every Poll and when something has changed, until ctx ends.
func (g *Gateway) watch(ctx context.Context, l *line) {
	w := watcher{Gateway: g, line: l}
	w.drain(ctx)
	timer := time.NewTimer(w.next())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.inbox.wanted():
			w.drain(ctx)
		case <-l.looks:
			w.look(ctx, false)
		case <-timer.C:
			if w.look(ctx, true) {
				w.drain(ctx)
			}
			timer.Reset(w.next())
		}
	}
}

// watcher counts the checks that stay without an answer.
type watcher struct {
	*Gateway
	line   *line
	silent int
}

// next is how long it is to the next look: sooner where something is amiss.
func (w *watcher) next() time.Duration {
	f, every := w.state.know(), time.Duration(w.config.Poll)
	switch {
	case w.silent > 0:
		return w.o.Rests.AfterClose
	case !f.network.Status.Registered():
		return min(every, searchRests*w.o.Rests.Reopen)
	}
	return every
}

// searchRests is how many times Rests.Reopen there are between two looks at a
// modem that has no network.
const searchRests = 5

// look looks at the modem. A regular one lets a text be tried again that was held
// back.
func (w *watcher) look(ctx context.Context, regular bool) (well bool) {
	err := w.check(ctx)
	switch {
	case ctx.Err() != nil || w.line.Err() != nil:
		return false
	case errors.Is(err, errBooted), errors.Is(err, errCard):
		w.line.fail(err)
		return false
	case err != nil:
		if w.silent++; w.silent >= w.config.SilentChecks {
			w.line.fail(errChecks)
		}
		w.log.Warn("modem did not answer to a check", "checks", w.silent, "err", err)
		return false
	}
	w.silent = 0
	w.state.clear("silent")
	if regular { // it was well for a while
		w.failures.Store(0)
		w.state.clear("unstable")
	}
	w.state.learn(func(f *facts) {
		f.seen = time.Now()
		if regular {
			f.held = ""
		}
	})
	w.judgeNetwork()
	return true
}

// check asks whether the modem is there, and how it is. It waits until no message
// is under way.
func (w *watcher) check(ctx context.Context) error {
	l := w.line
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.give()
	if _, err := l.Do(ctx, "AT"); err != nil && !isResult(err) {
		return err
	}
	for _, look := range []func(context.Context, *line) error{w.lookCard, w.lookNetwork, w.lookAround} {
		if err := look(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// lookCard makes sure that the SIM card can still be used.
func (g *Gateway) lookCard(ctx context.Context, l *line) error {
	a, err := l.Do(ctx, "AT+CPIN?")
	if err != nil {
		r, refused := errors.AsType[*at.ResultError](err)
		if refused && r.Kind == at.CME && r.Code >= 10 && r.Code <= 18 && !isBusy(err) {
			return errCard
		}
		if refused {
			return nil // busy, or nothing that is known
		}
		return err
	}
	state, bad := at.ParsePIN(a)
	if bad != nil {
		return nil //nolint:nilerr // noise: it is asked again soon
	}
	if !state.Open() {
		return errCard
	}
	g.state.learn(func(f *facts) { f.card = state })
	return nil
}

// drain looks through the modem's memory.
func (w *watcher) drain(ctx context.Context) {
	if err := w.inbox.drain(ctx, w.line); err != nil && ctx.Err() == nil {
		w.log.Warn("cannot look through the modem's memory", "err", err)
	}
}
