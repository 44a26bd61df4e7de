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
	w := watcher{Engine: e, known: make(map[alarmKey]Alarm), mailed: make(map[alarmKey]told)}
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
	mailed map[alarmKey]told
}

// told is an alarm that the administrator knows of.
type told struct {
	Alarm
	day string // of the last mail in this life of ours; "": an earlier one was within the hour
}

// look compares the alarms that there are with those that there were.
func (w *watcher) look(ctx context.Context) {
	now, s := make(map[alarmKey]Alarm), w.setting.Load()
	for id, l := range s.lanes {
		for _, a := range w.health(ctx, l).Alarms {
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
		if w.now().Sub(a.Since) < alarmPatience || w.mailed[k].day == today {
			continue
		}
		switch fresh, err := w.mail(ctx, raised(s.administrator, k, a, w.now())); {
		case err == nil && fresh:
			w.mailed[k] = told{a, today}
		case err == nil:
			w.mailed[k] = told{a, ""}
		}
	}
	for k := range w.known {
		if _, is := now[k]; !is {
			w.log.Info("gateway alarm is over", "gateway", k.gateway, "alarm", k.name)
		}
	}
	for k, t := range w.mailed {
		if _, is := now[k]; is {
			continue
		}
		if _, err := w.mail(ctx, over(s.administrator, k, t.Alarm, w.now())); err == nil {
			delete(w.mailed, k)
		}
	}
	w.known = now
}

// hour is in the keys of mails about alarms: one that comes and goes, or a service
// that restarts, makes no more than one of a kind in an hour.
const hour = "2006-01-02T15"

// raised is the mail about an alarm.
func raised(to Address, k alarmKey, a Alarm, now time.Time) Message {
	return NewNote(to, fmt.Sprintf("alarm:%s:%s:%s", k.gateway, k.name, now.Format(hour)),
		fmt.Sprintf("Gateway %s: alarm %s", k.gateway, k.name),
		fmt.Sprintf("%s\n\nGateway %s, alarm %q, since %s.\n", a.Text, k.gateway, k.name, a.Since.UTC().Format(time.RFC1123)), now)
}

// over is the mail about its end.
func over(to Address, k alarmKey, a Alarm, now time.Time) Message {
	return NewNote(to, fmt.Sprintf("alarm-over:%s:%s:%s", k.gateway, k.name, now.Format(hour)),
		fmt.Sprintf("Gateway %s: alarm %s is over", k.gateway, k.name),
		fmt.Sprintf("It began at %s:\n\n%s\n", a.Since.UTC().Format(time.RFC1123), a.Text), now)
}

// mail stores a note to the administrator, if there is one. It is not fresh if the
// Store has one of its key.
func (w *watcher) mail(ctx context.Context, m Message) (fresh bool, err error) {
	if m.To.IsZero() {
		return true, nil
	}
	src := Source{ID: NewSourceID(m.Created), Door: "engine", Received: m.Created}
	m.ID, m.Source = NewMessageID(m.Created), src.ID
	accepted, err := w.cfg.Store.Accept(ctx, Intake{Source: src, Messages: []Message{m}})
	if err != nil {
		if ctx.Err() == nil {
			w.log.Error("cannot store a note about an alarm", "err", err)
		}
		return false, err
	}
	return !accepted[0].Duplicate, nil
}
