package sim

import (
	"context"
	"errors"
	"hash/maphash"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// lanes is how many calls of the Sink are made at a time. Texts from one phone
// go through one lane, so they stay in order.
const lanes = 16

// spread deals the phones to the lanes.
var spread = maphash.MakeSeed()

// listener is one call of Listen.
type listener struct{ stopped chan struct{} }

// Listen hands over what phones have sent, and receipts, until ctx ends. What
// the Sink did not take waits for the next call.
func (g *Gateway) Listen(ctx context.Context, s smsengine.Sink) error {
	self := &listener{stopped: make(chan struct{})}
	if !g.listening.CompareAndSwap(nil, self) {
		return errors.New("somebody listens already")
	}
	defer func() {
		g.listening.Store(nil)
		close(self.stopped)
	}()
	g.network.answer(g)
	var all sync.WaitGroup
	for i := range g.line.lanes {
		all.Go(func() { g.line.lanes[i].run(ctx, s) })
	}
	all.Wait()
	return ctx.Err()
}

// offer cuts a text from a phone into parts and puts them on the way to us. The
// channel is closed once all are taken.
func (g *Gateway) offer(from smsengine.Address, body string) (<-chan struct{}, error) {
	split, err := sms.SplitText(body, sms.Options{})
	if err != nil {
		return nil, err
	}
	parts := split.Parts
	order := g.luck.incoming(len(parts))
	name := g.life + "-" + strconv.FormatUint(g.received.Add(1), 36)
	ref := 0
	if len(parts) > 1 {
		ref = int(g.concats.Add(1) % 256)
	}
	var missing atomic.Int64
	missing.Store(int64(len(order)))
	taken := make(chan struct{})
	done := func() {
		if missing.Add(-1) == 0 {
			close(taken)
		}
	}
	sent, due := now(), time.Now()
	its := make([]*item, len(order))
	for n, i := range order {
		its[n] = &item{due: due, taken: done, in: &smsengine.IncomingPart{
			Gateway: g.id, From: from, To: smsengine.Phone(g.number), Text: parts[i].Text,
			Ref: ref, Seq: i + 1, Total: len(parts), Sent: sent,
			Dedupe: name + "/" + strconv.Itoa(i+1),
		}}
	}
	if !g.lane(from.Value).put(its...) {
		return nil, errors.New("the network keeps no more texts from this phone until some are taken")
	}
	return taken, nil
}

// lane is where what comes from a phone waits.
func (g *Gateway) lane(number string) *lane {
	return &g.line.lanes[maphash.String(spread, number)%lanes]
}

// receipt makes the network's report on a part. The channel is closed once it
// was offered, and nil if it is lost.
func (g *Gateway) receipt(to, reference string, f fate, p *Part) <-chan struct{} {
	rep := &smsengine.ReceiptReport{
		Gateway: g.id, Reference: reference, Number: smsengine.Phone(to),
		Final: smsengine.PartDelivered, At: time.Now(),
		Status: status(sms.TPStatus(received)),
	}
	if f.undelivered {
		rep.Final = smsengine.PartFailed
		rep.Status = status(sms.TPStatus(expired))
	}
	it := &item{rep: rep, due: time.Now(), tried: make(chan struct{})}
	if p != nil {
		it.taken = func() { g.network.reported(p) }
	}
	if !f.early {
		it.due = it.due.Add(time.Duration(g.config.ReceiptDelay))
	}
	rep.At = it.due
	its := []*item{it}
	if f.arrives > 1 {
		its = append(its, &item{rep: rep, due: it.due})
	}
	if !g.lane(to).put(its...) {
		g.lost.Add(1)
		return nil
	}
	return it.tried
}

// await waits until a receipt was offered, if somebody listens.
func (g *Gateway) await(ctx context.Context, tried <-chan struct{}) {
	l := g.listening.Load()
	if tried == nil || l == nil {
		return
	}
	select {
	case <-tried:
	case <-l.stopped:
	case <-ctx.Done():
	}
}
