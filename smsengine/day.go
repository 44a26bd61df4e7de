package smsengine

import (
	"context"
	"time"
)

// daily keeps a rate of a day. What was sent is counted in memory. The Store has
// a number that is a little ahead of it, which is raised before more is sent, so
// that after a crash the count is too high by a fiftieth of the rate at most, and
// never too low. A message that has begun goes on past it.
type daily struct {
	most    int
	zone    *time.Location
	day     string // of the counts; "": none is known yet
	used    int
	held    int
	granted int // what the Store has
}

// GatewayCounter is the beginning of the account of a gateway's counters of days;
// its ID follows. No account can have such a name.
const GatewayCounter = "#gateway:"

func (d *daily) today(now time.Time) string { return now.In(d.zone).Format(time.DateOnly) }

// room is how many parts may still be sent.
func (d *daily) room(now time.Time) int {
	if d.day != d.today(now) {
		return 0
	}
	return max(min(d.most, d.granted)-d.used-d.held, 0)
}

// full reports whether there will be no room today.
func (d *daily) full(now time.Time) bool { return d.day == d.today(now) && d.used >= d.most }

// ends is when the next day begins.
func (d *daily) ends(now time.Time) time.Time {
	y, m, day := now.In(d.zone).Date()
	return time.Date(y, m, day+1, 0, 0, 0, 0, d.zone)
}

// short gives what the Store should have before more is sent, if that is more
// than it has.
func (d *daily) short(now time.Time) (granted int, is bool) {
	step := max(d.most/50, 1)
	if d.day != d.today(now) || d.granted >= d.most || d.granted-d.used-d.held > step/2 {
		return 0, false
	}
	return min(d.used+d.held+step, d.most), true
}

// begin starts the counts of a day with what the Store has.
func (d *daily) begin(day string, used int) { d.day, d.used, d.granted = day, used, used }

// dayCounter is what the Store keeps of a gateway's day.
func dayCounter(gateway, day string) Counter {
	return Counter{Account: GatewayCounter + gateway, Period: "day " + day}
}

// grant sees to it that a lane with rates that the Store keeps has room: what it
// knows of the day, and of shorter spans, is read, and raised.
func (e *Engine) grant(ctx context.Context, l *lane) {
	e.grantSpans(ctx, l)
	mu, now := &l.gate.mu, e.cfg.Now()
	mu.Lock()
	d := l.gate.day
	if d == nil {
		mu.Unlock()
		return
	}
	known, today := d.day, d.today(now)
	mu.Unlock()
	c := dayCounter(l.id, today)
	if known != today {
		u, err := e.cfg.Store.Usage(ctx, c)
		if err != nil {
			e.log.Error("cannot read what a gateway has sent today", "gateway", l.id, "err", err)
			return
		}
		mu.Lock()
		d.begin(today, u.Used)
		mu.Unlock()
	}
	mu.Lock()
	granted, short := d.short(now)
	mu.Unlock()
	if !short {
		return
	}
	if err := e.cfg.Store.SetUsage(ctx, c, Usage{Used: granted, Last: e.now()}); err != nil {
		e.log.Error("cannot count what a gateway sends today", "gateway", l.id, "err", err)
		return
	}
	mu.Lock()
	d.granted = granted
	mu.Unlock()
}

// closeDay stores what was really sent today under an ID. Nothing is under way any
// more.
func (e *Engine) closeDay(s *stint) {
	e.closeSpans(s)
	s.gate.mu.Lock()
	d := s.gate.day
	if d == nil || d.day == "" {
		s.gate.mu.Unlock()
		return
	}
	day, used := d.day, d.used
	d.granted = used // it may come back
	s.gate.mu.Unlock()
	if err := e.cfg.Store.SetUsage(context.Background(), dayCounter(s.id, day), Usage{Used: used, Last: e.now()}); err != nil {
		e.log.Error("cannot count what a gateway has sent today", "gateway", s.id, "err", err)
	}
}
