package modem

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// inbox takes what the modem has heard to the Sink, and deletes it from the modem
// once it is safe. Without a Sink everything stays where it is.
//
// heard and drain may be called at the same time, each by one goroutine.
type inbox struct {
	g    *Gateway
	want chan struct{} // has a token when there may be something
	past past          // what was taken lately

	mu       sync.Mutex
	listener *listener   // nil: nobody listens
	more     []string    // memories that the modem has named by itself
	tries    int         // looks in a row that left something behind
	timer    *time.Timer // until the next look, after one of those

	mouth  sync.Mutex // held while spoken is worked on
	spoken []spoken   // came without being stored, and nobody has it yet
	last   confirmed
	turn   int // how much was told by mouth, what could not be read included

	// These are drain's.
	stuck map[place]int    // how often deleting was tried, of what is still there
	blurs map[place]string // what could not be read
}

// place is where a text lies in the modem.
type place struct {
	memory string
	index  int
}

// listener is a Sink while somebody listens.
type listener struct {
	sink  smsengine.Sink
	ctx   context.Context
	calls sync.WaitGroup
}

func newInbox(g *Gateway) *inbox {
	return &inbox{
		g: g, want: make(chan struct{}, 1),
		stuck: make(map[place]int), blurs: make(map[place]string),
	}
}

// Listen hands over what phones have sent, and receipts, until ctx ends. It
// returns when no call of the Sink is under way any more.
func (g *Gateway) Listen(ctx context.Context, s smsengine.Sink) error {
	in, me := g.inbox, &listener{sink: s, ctx: ctx}
	in.mu.Lock()
	if in.listener != nil {
		in.mu.Unlock()
		return errors.New("somebody listens to this modem already")
	}
	in.listener = me
	in.mu.Unlock()
	in.look()
	<-ctx.Done()
	in.mu.Lock()
	in.listener = nil
	in.mu.Unlock()
	me.calls.Wait()
	return ctx.Err()
}

// wanted receives when there may be something to take.
func (in *inbox) wanted() <-chan struct{} { return in.want }

// look asks for a look through the memories; several that are due are one.
func (in *inbox) look() {
	select {
	case in.want <- struct{}{}:
	default:
	}
}

// errNobody is what a Sink says that is not there.
var errNobody = errors.New("nobody listens")

func (in *inbox) heeded() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.listener != nil
}

// hand gives something to the Sink. Nil means that it is durable.
func (in *inbox) hand(ctx context.Context, it item) error {
	in.mu.Lock()
	who := in.listener
	if who == nil {
		in.mu.Unlock()
		return errNobody
	}
	who.calls.Add(1)
	in.mu.Unlock()
	defer who.calls.Done()
	both, cancel := context.WithCancel(who.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if it.report != nil {
		report := *it.report
		report.Gateway = in.g.id
		return who.sink.Report(both, report)
	}
	text := *it.text
	text.Gateway, text.To = in.g.id, in.g.number
	text.From = completed(text.From, it.toa, in.g.o.Region)
	return who.sink.Incoming(both, text)
}

// take brings something to where it belongs, and reports whether the modem need not
// keep it any longer. What was taken before is not handed over again: the modem
// could not delete it, or the network brought it twice.
func (in *inbox) take(ctx context.Context, it item) bool {
	switch {
	case in.past.has(it.name):
		return true
	case it.nothing != "":
		in.g.log.Info("dropped", "what", it.nothing)
		return true
	}
	if err := in.hand(ctx, it); err != nil {
		if !errors.Is(err, errNobody) {
			in.g.log.Warn("what the modem has heard could not be stored, and stays in it", "err", err)
		}
		return false
	}
	in.past.add(it.name)
	return true
}

// heard deals with what the modem said of texts and receipts by itself, and
// reports whether it was about those.
func (in *inbox) heard(ctx context.Context, l *line, u at.Unsolicited) bool {
	switch u.Name {
	case "+CMTI", "+CDSI":
		in.told(l, u)
	case "^SMMEMFULL": // Huawei: a text waits in the network for room
		in.look()
	case "+CMT", "+CDS":
		in.listen(ctx, l, u)
	case "+CMGS":
		in.g.log.Warn("the modem tells late that it sent a text")
	case "+CBM", "+CBMI": // broadcasts in the cell, which nobody asked for
	default:
		return false
	}
	return true
}

// told notes that something was stored. A memory that nobody knew of is looked
// through from now on.
func (in *inbox) told(l *line, u at.Unsolicited) {
	name, _, err := at.ParsePlace(u)
	in.mu.Lock()
	if err == nil && len(name) == 2 && len(l.memories) > 0 && !slices.Contains(l.memories, name) && !slices.Contains(in.more, name) {
		in.g.log.Info("the modem stores texts in another memory, too", "memory", name)
		in.more = append(in.more, name)
	}
	in.mu.Unlock()
	in.look()
}

// memories are all that are looked through.
func (in *inbox) memories(l *line) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Concat(l.memories, in.more)
}

// Pauses before what could not be taken or deleted is tried again, each twice as
// long as the one before.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = time.Minute
)

// again has the modem looked through once more after a while, the longer the more
// often that was so.
func (in *inbox) again() {
	in.mu.Lock()
	defer in.mu.Unlock()
	after := min(firstPause<<min(in.tries, 10), mostPause)
	in.tries++
	if in.timer != nil {
		in.timer.Stop()
	}
	in.timer = time.AfterFunc(after, in.look)
}

// calm begins the pauses anew: all was taken.
func (in *inbox) calm() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.tries = 0
}
