package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Check knows from the last commit whether the store can commit, and makes one of
// its own only where that was long ago, or failed.
func TestCheck(t *testing.T) {
	s, _ := openTemp(t)
	ctx := context.Background()
	commits := func() (n uint64) {
		for _, c := range s.Figures().Commits.Counts {
			n += c
		}
		return n
	}
	long := func(ago time.Duration) {
		s.pulse.mu.Lock()
		defer s.pulse.mu.Unlock()
		s.pulse.at = s.pulse.at.Add(-ago)
	}
	before, journal := commits(), s.Figures().Journal
	for range 3 {
		if err := s.Check(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if commits() != before+1 || s.Figures().Journal <= journal {
		t.Errorf("%d commits for three questions, and the journal grew from %d to %d", commits()-before, journal, s.Figures().Journal)
	}
	long(goodFor)
	if err := s.Check(ctx); err != nil || commits() != before+2 {
		t.Errorf("long after a commit: %v, %d more", err, commits()-before)
	}
	if err := s.change(ctx, func(*tx) error { return errors.New("on purpose") }); err == nil || s.Check(ctx) != nil || s.Figures().Failed != 0 {
		t.Errorf("a change that cannot be is held against the disk: %v, %d failed", s.Check(ctx), s.Figures().Failed)
	}

	full := func(pages int) error {
		return s.change(ctx, func(t *tx) error {
			if _, err := t.exec(fmt.Sprint(`PRAGMA max_page_count = `, pages)); err != nil {
				return err
			}
			_, err := t.exec(`INSERT INTO source (id, received, data, original) VALUES ('large', 0, '', zeroblob(1000000))`)
			return err
		})
	}
	if err := full(1); err == nil {
		t.Fatal("the disk is not full")
	}
	e, ok := errors.AsType[*smsengine.Error](s.Check(ctx))
	if !ok || e.Code != "4.3.1" || e.Class != smsengine.Temporary || s.Figures().Failed != 1 {
		t.Errorf("with the disk full: %v, %d failed", e, s.Figures().Failed)
	}
	long(badFor)
	if err := s.Check(ctx); err != nil {
		t.Errorf("with room again: %v", err)
	}
	s.pulse.begun.Store(time.Now().Add(-2 * stuck).UnixNano())
	if err := s.Check(ctx); smsengine.StatusOf(err).Code != "4.3.0" {
		t.Errorf("with the disk stuck: %v", err)
	}
	s.pulse.begun.Store(0)
}

// What waits is counted by where it waits, and since when.
func TestWaiting(t *testing.T) {
	s, path := openTemp(t)
	ctx := context.Background()
	made := time.Date(2026, 11, 23, 20, 0, 7, 0, time.UTC)
	text := func(id string, age, wait time.Duration, route ...string) smsengine.Message {
		at := made.Add(-age)
		return smsengine.Message{
			ID: smsengine.MessageID(id), Key: id, Kind: smsengine.Text, State: smsengine.Ready, To: smsengine.Phone("+15555550123"),
			Created: at, Next: at.Add(wait), Expires: at.Add(time.Hour), Route: smsengine.Over(route...), Parts: []smsengine.Part{{Text: "x"}},
		}
	}
	if _, err := s.Accept(ctx, smsengine.Intake{Source: smsengine.Source{ID: "s", Received: made}, Messages: []smsengine.Message{
		text("a", time.Minute, 0, "one", "two"), text("b", time.Hour, 0, "one"), text("c", time.Hour, 0, "two"), text("d", time.Hour, 2*time.Hour, "two"),
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(ctx, smsengine.Claim{Node: "n/1", Room: map[string]int{"two": 1}, Now: made.Add(-time.Hour), Until: made.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		all, err := s.Waiting(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := map[smsengine.State]map[string]smsengine.Waiting{smsengine.Ready: {}, smsengine.Sending: {}}
		for _, w := range all {
			got[w.State][w.Gateway] = w
		}
		for _, c := range []struct {
			state   smsengine.State
			gateway string
			n       int
			since   time.Time
		}{
			{smsengine.Ready, "one", 2, made.Add(-time.Hour).Truncate(tallyGrain)},
			{smsengine.Ready, "two", 1, made.Add(time.Hour).Truncate(tallyGrain)},
			{smsengine.Sending, "two", 1, made.Add(-time.Hour).Truncate(tallyGrain)},
		} {
			if w := got[c.state][c.gateway]; w.Messages != c.n || !w.Since.Equal(c.since) {
				t.Errorf("%s at %s: %+v", c.state, c.gateway, w)
			}
		}
		if len(all) != 3 {
			t.Errorf("%+v", all)
		}
		if err := s.Close(); err != nil { // what is counted from the table is the same
			t.Fatal(err)
		}
		if s, err = Open(path, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.Close()
}
