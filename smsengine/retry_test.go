package smsengine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The wait doubles from First to Max, and is shortened by a fifth at most, not
// always by the same: what failed together does not come back together.
func TestRetryAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Retry{
			First: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "first")),
			Max:   time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "max")),
		}
		n := rapid.OneOf(rapid.IntRange(-1, 70), rapid.Just(1<<30)).Draw(t, "n")
		want := r.First
		for i := 1; i < n && want < r.Max; i++ {
			want *= 2
		}
		want = min(want, r.Max)
		if got := r.After(n); got > want || got < want-want/5-1 {
			t.Fatalf("%v after %d failures, want %v less a fifth at most", got, n, want)
		}
	})
	seen := make(map[time.Duration]bool)
	for range 100 {
		seen[Retry{}.After(1)] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different waits of 100", len(seen))
	}
	if d := (Retry{}).After(1000); d > time.Hour || d < 48*time.Minute {
		t.Errorf("the longest wait is %v", d)
	}
}
