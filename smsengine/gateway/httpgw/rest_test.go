package httpgw

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func isReady(r *rest) bool {
	select {
	case <-r.channel():
		return true
	default:
		return false
	}
}

// try makes one request with this end; let says whether it may be made.
func try(t *testing.T, r *rest, v verdict) (let bool) {
	t.Helper()
	era, err := r.begin(t.Context())
	if err == nil {
		r.end(era, v)
	}
	return err == nil
}

func TestRestAfterFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(slog.New(slog.DiscardHandler))
		defer r.close()
		bad := verdict{bad: true, reason: "fails"}
		for range failuresInARow - 1 {
			try(t, r, bad)
		}
		try(t, r, verdict{good: true})
		for range failuresInARow - 1 {
			try(t, r, bad)
		}
		if !isReady(r) {
			t.Fatal("it rests although a success was in between")
		}
		try(t, r, bad)
		for wait := restFailing; wait <= longestRest; wait *= 2 { // each rest is twice as long
			if isReady(r) || try(t, r, bad) {
				t.Fatal("it does not rest")
			}
			time.Sleep(wait - time.Millisecond)
			if isReady(r) {
				t.Fatalf("it rests less than %v", wait)
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if !isReady(r) || !try(t, r, bad) { // and one that tries is enough for the next
				t.Fatalf("it rests longer than %v", wait)
			}
		}
		if _, text := r.state(); !strings.Contains(text, "tried again in 15m0s") {
			t.Errorf("it rests no longer than %v, and says %q", longestRest, text)
		}
		time.Sleep(longestRest)
		synctest.Wait()
		try(t, r, verdict{good: true})
		if ready, text := r.state(); !ready || text != "" {
			t.Errorf("after a success: %v, %q", ready, text)
		}
	})
}

func TestOneTriesAndTheOthersWait(t *testing.T) {
	for name, v := range map[string]verdict{"good": {good: true}, "bad": {rest: restHeld, reason: "refuses"}, "neither": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRest(slog.New(slog.DiscardHandler))
				defer r.close()
				try(t, r, verdict{rest: restHeld, reason: "refuses"})
				time.Sleep(restHeld)
				synctest.Wait()
				era, err := r.begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				others := make(chan error, 3)
				for range 3 {
					go func() {
						era, err := r.begin(t.Context())
						if err == nil {
							r.end(era, verdict{good: true})
						}
						others <- err
					}()
				}
				synctest.Wait()
				if len(others) > 0 {
					t.Error("another did not wait")
				}
				r.end(era, v)
				synctest.Wait()
				for range 3 {
					if err := <-others; (err != nil) != (name == "bad") {
						t.Errorf("another goes on with %v", err)
					}
				}
			})
		})
	}
}

func TestWhoWaitsGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(slog.New(slog.DiscardHandler))
		defer r.close()
		try(t, r, verdict{rest: time.Second, reason: "fails"})
		time.Sleep(time.Second)
		synctest.Wait()
		if _, err := r.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.begin(ctx); err == nil {
			t.Error("two try at a time")
		}
	})
}

// TestOldNewsDoesNotCount: a request that began before a rest says nothing
// about it when it ends.
func TestOldNewsDoesNotCount(t *testing.T) {
	r := newRest(slog.New(slog.DiscardHandler))
	defer r.close()
	old, _ := r.begin(t.Context())
	try(t, r, verdict{rest: time.Hour, exact: true, reason: "wants fewer requests"})
	r.end(old, verdict{good: true})
	if isReady(r) {
		t.Error("the rest ended")
	}
}

func TestClosedGatewayBeginsNothing(t *testing.T) {
	r := newRest(slog.New(slog.DiscardHandler))
	r.close()
	if try(t, r, verdict{}) {
		t.Error("it began")
	}
}
