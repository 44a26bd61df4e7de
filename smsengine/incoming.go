package smsengine

import (
	"context"
	"strings"
)

// Sink is where the gateway with this ID puts what it hears.
func (e *Engine) Sink(gateway string) Sink {
	e.change.Lock()
	defer e.change.Unlock()
	return sink{e, gateway, e.pastOf(gateway).meter}
}

type sink struct {
	*Engine
	gateway string
	meter   *meter
}

// Incoming stores a part. When it returns nil the part is durable and may be
// acknowledged; what is made of it comes after, and again after a crash.
func (s sink) Incoming(ctx context.Context, in IncomingPart) error {
	in.Gateway = s.gateway
	if in.Received.IsZero() {
		in.Received = s.now()
	}
	if in.Total < 1 {
		in.Seq, in.Total = 1, 1
	}
	set, err := s.cfg.Store.Collect(ctx, in)
	if err != nil {
		s.log.Error("cannot store a text from a phone", "gateway", s.gateway, "from", in.From, "err", err)
		return err
	}
	s.meter.heard(1, 0)
	s.log.Info("received", "gateway", s.gateway, "from", in.From, "to", in.To, "part", in.Seq, "parts", in.Total, "set", set.ID)
	if set.Complete() && !set.Consumed {
		select {
		case s.ready <- set:
		default: // busy: the sweeper takes it up
		}
	}
	return nil
}

// Report applies a receipt, or keeps it for a part that is yet to be recorded.
func (s sink) Report(ctx context.Context, rep ReceiptReport) error {
	rep.Gateway = s.gateway
	if rep.At.IsZero() {
		rep.At = s.now()
	}
	id, found, err := s.cfg.Store.Match(ctx, rep)
	if err == nil {
		s.meter.heard(0, 1)
	}
	switch {
	case err != nil:
		s.log.Error("cannot store a receipt", "gateway", s.gateway, "ref", rep.Reference, "err", err)
	case found:
		s.log.Info("receipt", "message", id, "gateway", s.gateway, "ref", rep.Reference, "part", rep.Final)
	default:
		s.log.Debug("receipt kept", "gateway", s.gateway, "ref", rep.Reference)
	}
	return err
}

func (e *Engine) consumeLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case set := <-e.ready:
			e.consume(ctx, set)
		}
	}
}

// consume decides what becomes of a text from a phone and stores that, together
// with the fact that its parts are used. When it fails the sweeper comes back.
func (e *Engine) consume(ctx context.Context, set PartSet) {
	in, dropped, err := e.makeIncoming(ctx, set)
	if err == nil {
		var accepted []AcceptedMessage
		if accepted, err = e.cfg.Store.Accept(ctx, in); err == nil {
			for i, a := range accepted {
				e.logIntake(&in.Source, in.Messages[i], Outcome{ID: a.ID, Duplicate: a.Duplicate, Dropped: a.Dropped, Err: a.Err})
			}
		}
	}
	switch {
	case err != nil && ctx.Err() == nil:
		e.log.Error("cannot deliver a text from a phone yet", "set", set.ID, "gateway", set.Gateway, "from", set.From, "err", err)
	case err == nil && dropped != "":
		e.log.Info("dropped", "set", set.ID, "gateway", set.Gateway, "from", set.From, "why", dropped)
	}
}

func (e *Engine) makeIncoming(ctx context.Context, set PartSet) (Intake, string, error) {
	now := e.now()
	src := Source{
		ID: NewSourceID(now), Door: "gateway:" + set.Gateway,
		Received: set.First, Sender: set.From,
	}
	m := Message{
		ID: NewMessageID(now), Source: src.ID, Key: "incoming:" + set.ID, Kind: Incoming,
		From: set.From, Original: set.To.Value, Body: received(set),
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		State: Ready, Next: now, Parts: []Part{{}},
	}
	d := &Draft{Now: now, Source: &src, Facts: e.cfg.Store, Set: &set, Message: m}
	steps, err := Decide(ctx, e.setting.Load().incoming, d)
	if err != nil {
		return Intake{}, "", err
	}
	d.Message.Body.Received.Decided = decided(steps)
	in := Intake{Source: src, Consumes: set.ID, Limits: d.Limits, Notices: append(d.Notices, d.deeds()...), Effects: d.Effects}
	if d.Dropped == "" {
		in.Messages = []Message{d.Message}
	}
	return in, d.Dropped, nil
}

// decided says what the stages did, for the trace.
func decided(steps []Step) string {
	var all []string
	for _, s := range steps {
		if s.Note != "" {
			all = append(all, s.Stage+": "+s.Note)
		}
	}
	return strings.Join(all, "; ")
}

// gap stands in a text where a part between others did not come, as in sms.Gap.
// What is missing before and behind is said by the mail that is made of it.
const gap = " [...] "

// received joins the parts that there are. Of a binary message the parts have
// one header in common.
func received(set PartSet) Body {
	var text strings.Builder
	r := &ReceivedSMS{Gateway: set.Gateway, Total: set.Total, Missing: set.Missing()}
	for i, p := range set.Parts {
		if i > 0 && p.Seq > set.Parts[i-1].Seq+1 && len(p.Data) == 0 {
			text.WriteString(gap)
		}
		text.WriteString(p.Text)
		r.Data = append(r.Data, p.Data...)
		if r.UDH == nil {
			r.UDH = p.UDH
		}
		if r.Sent.IsZero() || p.Sent.Before(r.Sent) && !p.Sent.IsZero() {
			r.Sent = p.Sent
		}
	}
	return Body{Text: text.String(), Received: r}
}
