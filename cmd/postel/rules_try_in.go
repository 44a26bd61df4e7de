package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/stage"
)

// tryIncoming decides about a text from a phone.
func (r *rehearsal) tryIncoming(ctx context.Context, m trial, n int) (tried, error) {
	at, err := timeAt(m.At, r.zone)
	if err != nil {
		return tried{}, fmt.Errorf("at: %w", err)
	}
	g, err := r.broughtBy(m)
	if err != nil {
		return tried{}, err
	}
	ours := g.Number
	if len(m.To) == 1 {
		if ours, err = r.number(m.To[0]); err != nil {
			return tried{}, fmt.Errorf("to: %w", err)
		}
	}
	from, err := r.number(m.From)
	if err != nil { // a name, such as "My Bank"
		from = m.From
	}
	data, _ := hex.DecodeString(m.Data) // check has read it
	set := smsengine.PartSet{
		ID: fmt.Sprintf("test-%d", n), Gateway: g.ID, From: smsengine.Phone(from), To: smsengine.Phone(ours), Total: 1, First: at,
		Parts: []smsengine.IncomingPart{{Seq: 1, Total: 1, Text: m.Text, Data: data}},
	}
	src := smsengine.Source{ID: smsengine.SourceID(set.ID), Door: "gateway:" + g.ID, Received: at, Sender: set.From}
	d := &smsengine.Draft{Now: at, Source: &src, Facts: r.facts, Set: &set, Message: smsengine.Message{
		ID: smsengine.MessageID(set.ID), Source: src.ID, Kind: smsengine.Incoming, From: set.From, Original: set.To.Value,
		Body:   smsengine.Body{Text: m.Text, Received: &smsengine.ReceivedSMS{Gateway: g.ID, Total: 1, Data: data}},
		Notify: smsengine.NotifyNever, Created: at, Expires: at.Add(smsengine.ReportLife), State: smsengine.Ready, Next: at,
		Parts: []smsengine.Part{{}},
	}}
	steps, err := r.decide(ctx, stage.Incoming(r.stages), d)
	return r.tried(m, ours, d, steps, err), nil
}

func (r *rehearsal) number(written string) (string, error) {
	number, _, err := r.stages.Parser.Number(written)
	return number, err
}

// broughtBy is the gateway that a text came by: the one that is named, that with
// the number, or the first.
func (r *rehearsal) broughtBy(m trial) (config.Gateway, error) {
	var ids []string
	for _, g := range r.cfg.Gateways {
		to := ""
		if len(m.To) == 1 {
			to, _ = r.number(m.To[0])
		}
		if m.Gateway == g.ID || m.Gateway == "" && (len(m.To) == 0 || to == g.Number) {
			return g, nil
		}
		ids = append(ids, g.ID)
	}
	switch {
	case len(ids) == 0:
		return config.Gateway{}, fmt.Errorf("no gateway is configured that could bring it")
	case m.Gateway == "":
		return config.Gateway{}, fmt.Errorf("to: no gateway has the number %s; write gateway, one of %s", m.To[0], strings.Join(ids, ", "))
	}
	return config.Gateway{}, fmt.Errorf("gateway: there is no gateway %q; there are %s", m.Gateway, strings.Join(ids, ", "))
}
