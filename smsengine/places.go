package smsengine

import "sync/atomic"

// places are the attempts that may be under way at once with a gateway. Nothing
// waits for one, and nothing locks.
type places struct {
	taken atomic.Int64  // and retired, once no more are given
	most  atomic.Int64  // 0: none are given yet
	empty chan struct{} // closed when none will be taken any more, and none is
}

// retired is more than there can ever be places.
const retired = 1 << 40

func newPlaces() *places { return &places{empty: make(chan struct{})} }

// take takes a place if one is free; leave gives it back.
func (p *places) take() bool {
	for {
		n := p.taken.Load()
		if n >= p.most.Load() {
			return false
		}
		if p.taken.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (p *places) leave() {
	if p.taken.Add(-1) == retired {
		close(p.empty)
	}
}

// retire gives no more places. It is called once.
func (p *places) retire() {
	if p.taken.Or(retired) == 0 {
		close(p.empty)
	}
}

// underWay is how many are taken, free how many more may be.
func (p *places) underWay() int { return int(p.taken.Load() &^ retired) }
func (p *places) free() int     { return int(max(p.most.Load()-p.taken.Load(), 0)) }

// surplus reports whether one that is taken is to be left: there are fewer now, or
// none any more.
func (p *places) surplus() bool { return p.taken.Load() > p.most.Load() }
