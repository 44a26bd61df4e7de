package webhook

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func TestHealth(t *testing.T) {
	b := newBed(t)
	status := http.StatusInternalServerError
	b.serve(t, "/hear?pass=hush", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	check := func(alarms int, failing float64) smsengine.Health {
		t.Helper()
		h, err := b.Check(t.Context())
		if err != nil || !h.Ready || len(h.Alarms) != alarms || h.Readings[0].Value != failing {
			t.Errorf("%+v, %v; want %d alarms and %v failing", h, err, alarms, failing)
		}
		return h
	}
	check(0, 0)
	b.send(t, call("shop"))
	began := b.o.Now()
	check(0, 1)
	b.passes(alarmAfter - 1)
	b.send(t, call("shop"))
	check(0, 1)
	b.passes(1)
	a := check(1, 1).Alarms[0]
	if a.Name != "shop" || !a.Since.Equal(began) || !strings.Contains(a.Text, "webhook shop at 127.0.0.1 answers HTTP 500") {
		t.Errorf("%+v", a)
	}
	status = http.StatusOK
	b.passes(time.Hour)
	b.send(t, call("shop"))
	check(0, 0)

	status = http.StatusGone // at once, and so it does not rest; but somebody ought to know
	b.send(t, call("shop"))
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Permanent, "is gone")
	b.passes(alarmAfter)
	check(1, 1)

	b.mu.Lock()
	delete(b.hooks, "shop")
	b.mu.Unlock()
	check(0, 0)
	if len(b.turns.all) != 0 {
		t.Errorf("it remembers %v", b.turns.all)
	}
}

// What nobody has called for as long as calls wait, nobody knows.
func TestForgotten(t *testing.T) {
	b := newBed(t)
	b.serve(t, "/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	b.send(t, call("shop"))
	b.passes(smsengine.CallLife)
	if h, _ := b.Check(t.Context()); len(h.Alarms) != 1 {
		t.Errorf("%+v", h)
	}
	b.passes(1)
	if h, _ := b.Check(t.Context()); len(h.Alarms) != 0 {
		t.Errorf("%+v", h)
	}
}
