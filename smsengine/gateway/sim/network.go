package sim

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// How much the network remembers. Beyond that it forgets the oldest texts of a
// phone, and the phones that have been quiet for longest.
const (
	textsPerPhone = 100
	textsInAll    = 20_000
	phonesInAll   = 10_000
)

// Network is telephones and what they have. Gateways are its lines to us. It
// lives in memory: texts that nobody has taken yet end with the process.
type Network struct {
	mu     sync.Mutex
	lines  map[string]*line // by our number
	phones map[string]*phone
	recent *list.List // of *phone, the one used last in front
	texts  int        // kept in all inboxes
}

// NewNetwork makes a network without lines. Every number is a phone.
func NewNetwork() *Network {
	return &Network{lines: map[string]*line{}, phones: map[string]*phone{}, recent: list.New()}
}

// line is one of our numbers, and what waits on it until we take it. A gateway that
// takes another's place has the same line.
type line struct {
	lanes   [lanes]lane
	gateway *Gateway // that answers
	users   int      // gateways
}

// connect gives a gateway its number.
func (n *Network) connect(g *Gateway) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.lines[g.number]
	switch {
	case l == nil:
		l = &line{gateway: g}
		for i := range l.lanes {
			l.lanes[i].wake = make(chan struct{}, 1)
		}
		n.lines[g.number] = l
	case l.gateway.id != g.id:
		return fmt.Errorf("gateways %s and %s have the same number %q", l.gateway.id, g.id, g.number)
	}
	l.users++
	g.line = l
	return nil
}

// answer makes a gateway the one that answers its line.
func (n *Network) answer(g *Gateway) {
	n.mu.Lock()
	defer n.mu.Unlock()
	g.line.gateway = g
}

// leave ends a line with its last gateway.
func (n *Network) leave(g *Gateway) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if g.line.users--; g.line.users == 0 {
		delete(n.lines, g.number)
	}
}

// Inbox gives what the phone with this number has.
func (n *Network) Inbox(number string) Inbox {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.phones[tidy(number)]; p != nil {
		return p.inbox()
	}
	return Inbox{}
}

// Wait is Inbox once the phone has got so many texts in all. If ctx ends before,
// it gives what there is, and an error.
func (n *Network) Wait(ctx context.Context, number string, texts int) (Inbox, error) {
	number = tidy(number)
	for {
		n.mu.Lock()
		p := n.phone(number)
		if p.total >= texts {
			defer n.mu.Unlock()
			return p.inbox(), nil
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		n.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			in := n.Inbox(number)
			return in, fmt.Errorf("%s has got %d of %d texts: %w", number, in.Total, texts, ctx.Err())
		}
	}
}

// Send sends a text from a phone to one of our numbers, and returns when
// Postel has taken all parts of it. If ctx ends before, the network keeps
// offering the text.
func (n *Network) Send(ctx context.Context, from, to, text string) error {
	taken, err := n.Post(from, to, text)
	if err != nil {
		return err
	}
	select {
	case <-taken:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the text waits in the network, it is offered again: %w", ctx.Err())
	}
}

// Post is Send that does not wait: the channel is closed when Postel has taken
// all parts.
func (n *Network) Post(from, to, text string) (taken <-chan struct{}, err error) {
	if from = tidy(from); from == "" {
		return nil, errors.New("a text needs a phone that it is from")
	}
	to = tidy(to)
	n.mu.Lock()
	var line *Gateway
	if l := n.lines[to]; l != nil {
		line = l.gateway
	}
	n.mu.Unlock()
	if line == nil {
		return nil, fmt.Errorf("no simulated gateway has the number %q", to)
	}
	return line.offer(smsengine.Phone(from), text)
}

// arrive brings a part to a phone.
func (n *Network) arrive(number string, a arrival) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.phone(number)
	t := p.take(a)
	if t == nil {
		return
	}
	p.total++
	if len(p.texts) == textsPerPhone {
		copy(p.texts, p.texts[1:])
		p.texts[len(p.texts)-1] = t
	} else {
		p.texts = append(p.texts, t)
		n.texts++
	}
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// reported notes that Postel has taken the receipt of a part.
func (n *Network) reported(p *Part) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p.Receipt = ReceiptReported
}

// phone finds or makes a phone, and forgets others if there are too many.
func (n *Network) phone(number string) *phone {
	p := n.phones[number]
	if p == nil {
		p = &phone{number: number}
		p.place = n.recent.PushFront(p)
		n.phones[number] = p
	}
	n.recent.MoveToFront(p.place)
	for oldest := n.recent.Back(); len(n.phones) > phonesInAll || n.texts >= textsInAll; oldest = n.recent.Back() {
		q := oldest.Value.(*phone)
		if q == p {
			break
		}
		n.recent.Remove(oldest)
		delete(n.phones, q.number)
		n.texts -= len(q.texts)
		if q.changed != nil {
			close(q.changed) // who waits for it asks again
		}
	}
	return p
}

// counts gives how many phones there are, and what they keep.
func (n *Network) counts() (phones, texts int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.phones), n.texts
}

// now is a time as the network stamps it: to the second, in its own zone
// (3GPP TS 23.040 §9.2.3.11).
func now() time.Time { return time.Now().Truncate(time.Second) }

var reading = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "")

// tidy is a number without what people put in for reading.
func tidy(number string) string { return reading.Replace(number) }
