package smsengine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// moody is a gateway that is told whether it is ready, and what alarms it has.
type moody struct {
	phones
	mu     sync.Mutex
	ready  chan struct{}
	alarms []smsengine.Alarm
}

func (m *moody) Ready() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ready
}

func (m *moody) Check(context.Context) (smsengine.Health, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return smsengine.Health{Text: "moody", Alarms: m.alarms}, nil
}

func (m *moody) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func newMoody(t *testing.T) (*bench, *moody) {
	m := &moody{ready: make(chan struct{})}
	b := newBench(t, func(b *bench) {
		b.cfg.Administrator = smsengine.Mailbox("postmaster@example.org")
		b.cfg.Gateways["sim"] = smsengine.Lane{Gateway: m, Concurrency: 2}
	})
	return b, m
}

// until waits for a condition.
func until(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// never gives the engine several of its sweeps to do what it must not.
func never(t *testing.T, cond func() bool) {
	t.Helper()
	for range 20 {
		if time.Sleep(5 * time.Millisecond); cond() {
			t.Fatal("it happened")
		}
	}
}

// What a gateway that is not ready has to send waits, without an attempt, and goes
// as soon as it is ready.
func TestNothingIsBegunBeforeAGatewayIsReady(t *testing.T) {
	b, m := newMoody(t)
	id := b.submit("hello", "+15555550123")[0].ID
	never(t, func() bool { return len(m.texts()) > 0 })
	if got := b.until(id, smsengine.Ready); got.Attempt != 0 {
		t.Fatalf("it was tried %d times", got.Attempt)
	}
	m.set(func() { close(m.ready) })
	b.until(id, smsengine.Sent)
	m.set(func() { m.ready = make(chan struct{}) })
	second := b.submit("again", "+15555550123")[0].ID
	never(t, func() bool { return len(m.texts()) > 1 })
	m.set(func() { close(m.ready) })
	b.until(second, smsengine.Sent)
	if tr := b.engine.States(t.Context())["sim"].Traffic; tr.Sent != 2 || tr.Deferred != 0 || tr.Latency.Mean() <= 0 {
		t.Errorf("traffic %+v", tr)
	}
}

// An alarm that lasts is mailed once, and once when it is over; a short one never.
func TestAlarmsAreMailedOnce(t *testing.T) {
	m := &moody{ready: make(chan struct{})}
	began, later := time.Now(), time.Duration(0)
	b := newBench(t, func(b *bench) {
		b.cfg.Administrator = smsengine.Mailbox("postmaster@example.org")
		b.cfg.Gateways["sim"] = smsengine.Lane{Gateway: m, Concurrency: 2}
		b.cfg.Now = func() (now time.Time) { // no hour ends while nobody looks
			m.set(func() { now = began.Add(later) })
			return now
		}
	})
	lasting := smsengine.Alarm{Name: "pin", Text: "the SIM wants a PIN: set pin_file", Since: time.Now().Add(-time.Hour)}
	short := smsengine.Alarm{Name: "network", Text: "not registered", Since: began}
	notes := func() (subjects []string) {
		b.mail.mu.Lock()
		defer b.mail.mu.Unlock()
		for _, d := range b.mail.got {
			subjects = append(subjects, d.Message.Body.Subject+": "+strings.SplitN(d.Message.Body.Text, "\n", 2)[0])
		}
		return subjects
	}
	m.set(func() { m.alarms = []smsengine.Alarm{lasting, short} })
	until(t, func() bool { return len(notes()) > 0 })
	never(t, func() bool { return len(notes()) > 1 })
	m.set(func() { m.alarms = nil })
	until(t, func() bool { return len(notes()) > 1 })
	never(t, func() bool { return len(notes()) > 2 })
	// The same again within the hour is no news, neither that it began nor that it ended.
	m.set(func() { m.alarms = []smsengine.Alarm{lasting} })
	never(t, func() bool { return len(notes()) > 2 })
	m.set(func() { m.alarms = nil })
	never(t, func() bool { return len(notes()) > 2 })
	// If it lasts beyond that, it is.
	m.set(func() { m.alarms = []smsengine.Alarm{lasting}; later = time.Hour })
	until(t, func() bool { return len(notes()) > 2 })
	want := "Gateway sim: alarm pin: the SIM wants a PIN: set pin_file\nGateway sim: alarm pin is over: It began at"
	if got := strings.Join(notes(), "\n"); !strings.HasPrefix(got, want) {
		t.Errorf("mailed:\n%s", got)
	}
}
