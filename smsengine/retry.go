package smsengine

import (
	"math/rand/v2"
	"time"
)

// Retry says how long to wait after a failed attempt: First, doubled each time
// up to Max, less up to a fifth at random so that what failed together does not
// come back together.
type Retry struct {
	First, Max time.Duration // 0: 30 s and 1 h
}

// After gives the wait after the n-th failure, n from 1.
func (r Retry) After(n int) time.Duration {
	first, most := r.First, r.Max
	if first <= 0 {
		first = 30 * time.Second
	}
	if most <= 0 {
		most = time.Hour
	}
	d := most
	if n < 1 {
		n = 1
	}
	if shift := n - 1; shift < 62 && first<<shift>>shift == first && first<<shift < most {
		d = first << shift
	}
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
