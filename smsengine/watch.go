package smsengine

import (
	"context"
	"fmt"
	"time"
)

// alarmPatience is how long an alarm must last before somebody gets a mail.
const alarmPatience = time.Minute

// watchLoop lets people know of the gateways' alarms, and that they are over: in
// the log at once, and the administrator by mail if an alarm lasts, and again
// each day that it lasts.
func (e *Engine) watchLoop(ctx context.Context) {
	t := time.NewTicker(e.cfg.Sweep)
	defer t.Stop()
	w := watcher{Engine: e, known: make(map[alarmKey]Alarm), mailed: make(map[alarmKey]string)}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.look(ctx)
		}
	}
}

type alarmKey struct{ gateway, name string }

// watcher remembers which alarms there were.
type watcher struct {
	*Engine
	known  map[alarmKey]Alarm
	mailed map[alarmKey]string // the day of the last mail about it
}

// look compares the alarms that there are with those that there were.
func (w *watcher) look(ctx context.Context) {
	now := make(map[alarmKey]Alarm)
	for id, l := range w.lanes {
		for _, a := range l.health(ctx).Alarms {
			now[alarmKey{id, a.Name}] = a
		}
	}
	if ctx.Err() != nil {
		return
	}
	for k, a := range now {
		if _, was := w.known[k]; !was {
			w.log.Error("gateway alarm", "gateway", k.gateway, "alarm", k.name, "text", a.Text)
		}
		today := w.now().Format(time.DateOnly)
		if w.now().Sub(a.Since) >= alarmPatience && w.mailed[k] != today && w.mail(ctx, raised(w.cfg.Administrator, k, a, w.now())) {
			w.mailed[k] = today
		}
	}
	for k, a := range w.known {
		if _, is := now[k]; is {
			continue
		}
		w.log.Info("gateway alarm is over", "gateway", k.gateway, "alarm", k.name)
		if _, told := w.mailed[k]; told {
			delete(w.mailed, k)
			w.mail(ctx, over(w.cfg.Administrator, k, a, w.now()))
		}
	}
	w.known = now
}

// raised is the mail about an alarm: one for each day that it lasts.
func raised(to Address, k alarmKey, a Alarm, now time.Time) Message {
	return NewNote(to, fmt.Sprintf("alarm:%s:%s:%s", k.gateway, k.name, now.Format(time.DateOnly)),
		fmt.Sprintf("Gateway %s: alarm %s", k.gateway, k.name),
		fmt.Sprintf("%s\n\nGateway %s, alarm %q, since %s.\n", a.Text, k.gateway, k.name, a.Since.UTC().Format(time.RFC1123)), now)
}

// over is the mail about its end.
func over(to Address, k alarmKey, a Alarm, now time.Time) Message {
	return NewNote(to, fmt.Sprintf("alarm-over:%s:%s:%d", k.gateway, k.name, a.Since.Unix()),
		fmt.Sprintf("Gateway %s: alarm %s is over", k.gateway, k.name),
		fmt.Sprintf("It began at %s:\n\n%s\n", a.Since.UTC().Format(time.RFC1123), a.Text), now)
}

// mail stores a note to the administrator, if there is one. The Store has one of
// a key, so that a restart repeats nothing.
func (w *watcher) mail(ctx context.Context, m Message) (done bool) {
	if m.To.IsZero() {
		return true
	}
	src := Source{ID: NewSourceID(m.Created), Door: "engine", Received: m.Created}
	m.ID, m.Source = NewMessageID(m.Created), src.ID
	_, err := w.cfg.Store.Accept(ctx, Intake{Source: src, Messages: []Message{m}})
	if err != nil && ctx.Err() == nil {
		w.log.Error("cannot store a note about an alarm", "err", err)
	}
	return err == nil
}
