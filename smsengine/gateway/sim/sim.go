// Package sim is a simulated phone network: for demonstrations, for tests, and
// for trying out rules without paying for texts.
//
// A [Network] is telephones with inboxes. A [Gateway] is a line from Postel into
// it, a driver like any other, with delays, failures, receipts, duplicates and
// disorder as its [Config] wants them. It is also the driver to copy when a new
// one is written; docs/adding-a-gateway.md says how.
//
// The network behaves as a service centre does: it keeps a text from a phone,
// and offers it again, until we have acknowledged it.
package sim

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// Gateway is a line into a Network. It sends any number of texts at a time.
type Gateway struct {
	id, number string
	config     Config
	network    *Network
	luck       *luck
	journal    journal
	life       string // in references and names of deliveries: other lives made others
	sent       atomic.Uint64
	received   atomic.Uint64
	concats    atomic.Uint32
	lost       atomic.Uint64 // receipts for which there was no room
	line       *line
	listening  atomic.Pointer[listener]
}

var (
	_ smsengine.Gateway  = (*Gateway)(nil)
	_ smsengine.Receiver = (*Gateway)(nil)
	_ smsengine.Checker  = (*Gateway)(nil)
	_ io.Closer          = (*Gateway)(nil)
)

// New connects the gateway with this ID to a network, under our number. It is an
// error if a gateway of another ID has the number. One of the same ID gives its
// line over when the new one listens.
func New(id, number string, c Config, n *Network) (*Gateway, error) {
	g := &Gateway{
		id: id, number: tidy(number), config: c, network: n, luck: newLuck(c),
		life: strconv.FormatInt(time.Now().UnixNano(), 36),
	}
	if g.number == "" {
		return nil, fmt.Errorf("gateway %s has no number", id)
	}
	var err error
	if g.journal, err = openJournal(c.Journal); err != nil {
		return nil, fmt.Errorf("gateway %s: %w", id, err)
	}
	return g, n.connect(g)
}

// Close gives up the line.
func (g *Gateway) Close() error {
	g.network.leave(g)
	return nil
}

// FailNext makes the next n parts that are sent fail in this way, whatever the
// configuration says. OK lets them succeed.
func (g *Gateway) FailNext(n int, class smsengine.Class) { g.luck.failNext(n, class) }

// Send hands a part to the network. The text is on the phone when the network
// answers, and for an Uncertain failure perhaps too.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	if err := ctx.Err(); err != nil {
		return smsengine.Taking{}, fail(smsengine.Temporary, "4.4.1", "there was no time left to send it", err)
	}
	if d.Message.To.Scheme != smsengine.SMS || d.Part >= len(d.Message.Parts) {
		return smsengine.Taking{}, fail(smsengine.Permanent, "5.6.0", "this gateway sends texts to phones", nil)
	}
	to := tidy(d.Message.To.Value)
	f := g.luck.outgoing(to)
	t := smsengine.Taking{Reference: g.reference(), Ours: smsengine.Phone(g.number), Receipts: g.config.Receipts}
	tried, err := g.transmit(to, t.Reference, f, d)
	if err != nil {
		return smsengine.Taking{}, fail(smsengine.Uncertain, "4.3.0", "the simulated network cannot write its journal", err)
	}
	if f.early {
		g.await(ctx, tried)
	}
	if err := answer(ctx, f); err != nil {
		return smsengine.Taking{}, err
	}
	return t, nil
}

// transmit brings the part to the phone, and its receipt on the way to us.
func (g *Gateway) transmit(to, reference string, f fate, d smsengine.Delivery) (tried <-chan struct{}, err error) {
	sent := d.Message.Parts[d.Part]
	at, from := now(), g.number
	if i := slices.IndexFunc(d.Message.Body.Params, func(p smsengine.Param) bool { return p.Name == "sender" }); i >= 0 && g.config.Sender {
		from = d.Message.Body.Params[i].Value
	}
	var first *Part
	for range f.arrives {
		p := &Part{Text: sent.Text, Data: sent.Data, UDH: sent.UDH, Reference: reference}
		if first == nil {
			first = p
			if g.config.Receipts {
				p.Receipt = ReceiptWaiting
			}
		}
		a := arrival{from: from, message: d.Message.ID, flash: d.Message.Body.Flash, part: p, at: at}
		if err := g.journal.arrived(to, a); err != nil {
			return nil, err
		}
		g.network.arrive(to, a)
	}
	if g.config.Receipts && (f.arrives > 0 || f.undelivered) {
		return g.receipt(to, reference, f, first), nil
	}
	return nil, nil
}

// answer is what the network says about a part, after its time. Who does not
// wait for it knows nothing.
func answer(ctx context.Context, f fate) error {
	if f.delay > 0 {
		t := time.NewTimer(f.delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return fail(smsengine.Uncertain, "4.4.1", "the network did not answer in time", ctx.Err())
		}
	}
	switch f.class {
	case smsengine.Temporary:
		return refusal(sms.RPCause(congestion))
	case smsengine.Permanent:
		return refusal(sms.RPCause(unassigned))
	case smsengine.Uncertain:
		return fail(f.class, "4.4.2", "the connection to the phone network broke before it answered", nil)
	}
	return nil
}

func fail(c smsengine.Class, code, text string, cause error) error {
	return smsengine.Fail("sim.Send", c, code, text, cause)
}

// What the network says, in its own codes: why it refuses a part (3GPP TS 24.011 §8.2.5.4), and what became of one that
// it took (3GPP TS 23.040 §9.2.3.15).
const (
	unassigned = 1
	congestion = 42

	received = 0x00
	expired  = 0x46
)

func refusal(c sms.Cause) error { return &smsengine.Error{Op: "sim.Send", Status: status(c)} }

// status is a cause in the engine's type. Where nothing failed there is nothing to diagnose.
func status(c sms.Cause) smsengine.Status {
	s := smsengine.Status{Class: smsengine.Class(c.Class), Code: c.Code, Text: c.Text, Diagnostic: c.Diagnostic}
	if c.Class == sms.OK {
		s.Diagnostic = ""
	}
	return s
}

// reference is the network's name for a part.
func (g *Gateway) reference() string {
	n := g.sent.Add(1)
	if wrap := g.config.References; wrap > 0 {
		return strconv.FormatUint(n%uint64(wrap), 10)
	}
	return g.life + "-" + strconv.FormatUint(n, 36)
}

// Check tells how the network is.
func (g *Gateway) Check(context.Context) (smsengine.Health, error) {
	waiting := 0
	for i := range g.line.lanes {
		waiting += g.line.lanes[i].len()
	}
	phones, texts := g.network.counts()
	h := smsengine.Health{Ready: true, Text: fmt.Sprintf("simulated: %d phones with %d texts, %d to be taken", phones, texts, waiting)}
	if n := g.lost.Load(); n > 0 {
		h.Text += fmt.Sprintf(", %d receipts lost for want of room", n)
	}
	return h, nil
}
