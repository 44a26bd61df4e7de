package modem

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// recovery brings the modem back, step by step: what does not answer is opened
// anew, what answers and does not work is restarted, and when that does not help
// either, a person is told. It goes on for ever, with longer and longer pauses.
type recovery struct {
	*Gateway
	missing time.Time // since when there has been no port
	booting time.Time // until when a restarted modem may be away
	before  bool      // the port was open before
	told    string    // the last error in the log
}

// opened notes that the port could be opened.
func (r *recovery) opened() {
	if r.before {
		r.state.learn(func(f *facts) { f.reopened++ })
	}
	r.before, r.missing = true, time.Time{}
	r.state.clear("missing", "busy", "denied", "port")
}

// awake notes that the modem has answered.
func (r *recovery) awake() {
	r.booting = time.Time{}
	r.state.learn(func(f *facts) { f.seen, f.phase = time.Now(), beginning })
}

// rest deals with the end of a session, and waits until it is time for the next.
func (r *recovery) rest(ctx context.Context, err error) {
	if r.failures.Load() == 0 {
		r.told = ""
	}
	r.log.Log(ctx, r.level(err), "modem is opened anew", "because", err)
	_ = pause(ctx, r.after(err))
}

// level has every new trouble in the log, and the same one again only for those
// who look for it.
func (r *recovery) level(err error) slog.Level {
	text := err.Error()
	if text == r.told {
		return slog.LevelDebug
	}
	r.told = text
	return slog.LevelWarn
}

// after says how long to wait after a session that ended with err, and tells
// people if it must.
func (r *recovery) after(err error) time.Duration {
	rests := r.o.Rests
	if e, ok := errors.AsType[*port.Error](err); ok {
		return r.noPort(e)
	}
	if time.Now().Before(r.booting) {
		r.phase("the modem restarts")
		return rests.Reopen
	}
	n := r.failures.Add(1)
	r.explain(err, n)
	if n <= 1 {
		return rests.AfterClose
	}
	return min(rests.Most, rests.Reopen<<min(n-2, maxDoublings))
}

// Failures in a row after which people are told.
const (
	silentMany   = 3
	unstableMany = 5
)

// explain says how the modem is after the nth failure in a row.
func (r *recovery) explain(err error, n int32) {
	r.phase("the modem is opened anew")
	switch {
	case errors.Is(err, errSends): // that is in another alarm
	case errors.Is(err, errBooted), errors.Is(err, errCard), errors.Is(err, errLost):
		if n >= unstableMany {
			r.state.raise("unstable", "the modem restarts or vanishes again and again: give it a better power supply, cable or USB hub, and see that its SIM card lies well")
		}
	case errors.Is(err, errSilent), errors.Is(err, errChecks), isSilence(err):
		if n >= silentMany {
			r.phase("the modem does not answer")
			r.state.raise("silent", "the modem does not answer, though its port can be opened: unplug it for some seconds or switch it off and on; on a serial line see that baud is right")
		}
	default:
		r.phase("the modem cannot be made ready")
		r.state.raise("setup", "the modem refuses what it needs: "+err.Error()+": see \"postel modem probe\" and, with dialogue = \"masked\", the log")
	}
}

func isSilence(err error) bool {
	_, ok := errors.AsType[*at.SilenceError](err)
	return ok
}

const maxDoublings = 10

func (r *recovery) phase(words string) { r.state.learn(func(f *facts) { f.phase = words }) }

// noPort deals with a port that cannot be opened. One that is not there may come
// back at any time: looking for it costs nothing.
func (r *recovery) noPort(e *port.Error) time.Duration {
	rests := r.o.Rests
	name, phase := "port", "the modem's port cannot be used"
	switch e.Kind {
	case port.Missing:
		if r.missing.IsZero() {
			r.missing = time.Now()
		}
		r.phase("the modem is not plugged in")
		if time.Now().Before(r.booting) {
			r.phase("the modem restarts")
		}
		r.state.clear("busy", "denied", "port", "silent", "setup")
		if time.Since(r.missing) >= rests.Missing && time.Now().After(r.booting) {
			r.state.raise("missing", e.Error())
		}
		return rests.Reopen
	case port.Busy:
		name, phase = "busy", "another program has the modem"
	case port.Denied:
		name, phase = "denied", "Postel must not open the modem's port"
	}
	r.phase(phase)
	r.state.raise(name, e.Error())
	return min(rests.Most, searchRests*rests.Reopen)
}

// How often a modem is restarted that does not work: at its second failure in a
// row, then at every eighth.
const (
	firstRestart = 2
	restartEvery = 8
)

// restarts reports whether the modem is to be restarted: it answers, but does
// not do what it is there for, and opening it anew has not helped.
func (r *recovery) restarts(l *line, err error) bool {
	for _, other := range []error{errSilent, errChecks, errBooted, errCard, errLost} {
		if errors.Is(err, other) {
			return false
		}
	}
	if l.Err() != nil || !r.config.Restart {
		return false
	}
	if errors.Is(err, errSends) {
		return r.rounds.Add(1)%2 == 0
	}
	return r.itIsTime()
}

func (r *recovery) itIsTime() bool {
	n := r.failures.Load() + 1
	return n == firstRestart || n%restartEvery == 0
}

// restart restarts the modem (3GPP TS 27.007 §8.2). Its port may vanish for a
// while.
func (r *recovery) restart(ctx context.Context, l *line) {
	r.log.Warn("modem is restarted")
	if _, err := l.Do(ctx, "AT+CFUN=1,1"); err != nil {
		r.log.Warn("modem cannot be restarted", "err", err)
		return
	}
	r.restarted()
}

// restarted has the modem waited for. What it was restarted for is a failure that
// counts, what goes wrong until it is back is none.
func (r *recovery) restarted() {
	r.failures.Add(1)
	r.state.learn(func(f *facts) { f.restarted++ })
	r.booting = time.Now().Add(r.o.Rests.Boot)
}

// restartSilent restarts a modem that does not answer: it may still hear.
func (r *recovery) restartSilent(ctx context.Context, p io.Writer) {
	if !r.config.Restart || !r.itIsTime() || ctx.Err() != nil || time.Now().Before(r.booting) {
		return
	}
	r.log.Warn("modem does not answer and is told to restart")
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(p, "\rAT+CFUN=1,1\r")
		written <- err
	}()
	select { // the port, which is closed then, may take nothing any more
	case err := <-written:
		if err == nil {
			_ = pause(ctx, r.o.Rests.AfterClose) // closing throws away what has not left
			r.restarted()
		}
	case <-time.After(r.o.Rests.AfterClose):
	}
}
