package sim

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// How often what was not taken is offered again: the wait doubles.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// laneSize is how much may wait in a lane.
const laneSize = 4096

// item is a part or a receipt that the network has for us, until we take it.
type item struct {
	in    *smsengine.IncomingPart // one of the two
	rep   *smsengine.ReceiptReport
	due   time.Time
	order uint64
	tries int
	taken func()        // called once the Sink has it
	tried chan struct{} // closed after the first try; nil: nobody waits
}

// offer hands the item to the Sink.
func (it *item) offer(ctx context.Context, s smsengine.Sink) error {
	it.tries++
	if it.tries == 1 && it.tried != nil {
		defer close(it.tried)
	}
	if it.rep != nil {
		return s.Report(ctx, *it.rep)
	}
	in := *it.in
	in.Received = time.Now()
	return s.Incoming(ctx, in)
}

// lane keeps what waits for us from some of the phones, in order, and offers one
// item at a time. What is not taken is offered again later, and what came after
// it may overtake it, as in real networks.
type lane struct {
	mu    sync.Mutex
	items items
	count uint64
	wake  chan struct{} // has room for one: something may be due earlier
}

// put adds items, all of them or, if there is no room, none.
func (l *lane) put(its ...*item) bool {
	l.mu.Lock()
	room := len(l.items)+len(its) <= laneSize
	if room {
		l.push(its...)
	}
	l.mu.Unlock()
	return room
}

// putBack adds an item that was not taken. There is room for it always: the
// network has promised to keep it.
func (l *lane) putBack(it *item) {
	l.mu.Lock()
	l.push(it)
	l.mu.Unlock()
}

func (l *lane) push(its ...*item) {
	for _, it := range its {
		l.count++
		it.order = l.count
		heap.Push(&l.items, it)
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// next takes out what is due, or tells how long nothing is.
func (l *lane) next() (*item, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.items) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(l.items[0].due); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&l.items).(*item), 0
}

// run offers what is due until ctx ends. An item is gone only once the Sink has
// said that it is safe.
func (l *lane) run(ctx context.Context, s smsengine.Sink) {
	for ctx.Err() == nil {
		it, wait := l.next()
		if it == nil {
			l.sleep(ctx, wait)
			continue
		}
		if err := it.offer(ctx, s); err != nil {
			it.due = time.Now().Add(min(firstRetry<<min(it.tries-1, 10), lastRetry))
			if ctx.Err() != nil {
				it.due = time.Now() // the next Listen begins with it
			}
			l.putBack(it)
			continue
		}
		if it.taken != nil {
			it.taken()
		}
	}
}

func (l *lane) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-t.C:
	}
}

func (l *lane) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.items)
}

// items is a heap, by time and then by order of coming.
type items []*item

func (h items) Len() int { return len(h) }
func (h items) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].order < h[j].order
}
func (h items) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *items) Push(x any)   { *h = append(*h, x.(*item)) }
func (h *items) Pop() any {
	old := *h
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return it
}
