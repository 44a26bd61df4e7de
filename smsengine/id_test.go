package smsengine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDShape(t *testing.T) {
	id := string(NewMessageID(t0))
	if len(id) != IDLen || strings.Trim(id, crockford) != "" {
		t.Errorf("%q is not %d characters of Crockford's alphabet", id, IDLen)
	}
	// 48 bits of milliseconds come first, so the time alone decides nine characters.
	if want := encodeTime(t0); id[:9] != want {
		t.Errorf("%q does not begin with the time, %q", id, want)
	}
}

// encodeTime is the first 9 characters, worked out another way: the ID has 128
// bits in 26 characters of 5, so the first holds 3 bits.
func encodeTime(at time.Time) string {
	bits := uint64(at.UnixMilli()) // 48 bits: 3 + 9 × 5
	var out []byte
	for shift := 45; shift >= 5; shift -= 5 {
		out = append(out, crockford[bits>>shift&31])
	}
	return string(out)
}

func TestIDSortsByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<47).Draw(t, "ms")
		b := a + rapid.Int64Range(1, 1<<40).Draw(t, "later")
		first, second := NewSourceID(time.UnixMilli(a)), NewSourceID(time.UnixMilli(b))
		if first >= second {
			t.Fatalf("%s of %d does not sort before %s of %d", first, a, second, b)
		}
	})
}

func TestIDsDiffer(t *testing.T) {
	ids := make([]MessageID, 10000)
	for i := range ids {
		ids[i] = NewMessageID(t0)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 10000 {
		t.Errorf("%d different IDs of 10000", n)
	}
}
