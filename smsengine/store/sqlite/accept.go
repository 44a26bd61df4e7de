package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postel-mail/postel/smsengine"
)

// Accept stores a source and its messages. See smsengine.Queue.
func (s *Store) Accept(ctx context.Context, in smsengine.Intake) ([]smsengine.AcceptedMessage, error) {
	var out []smsengine.AcceptedMessage
	err := s.change(ctx, func(t *tx) error {
		var err error
		out, err = t.accept(in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	return out, nil
}

func (t *tx) accept(in smsengine.Intake) ([]smsengine.AcceptedMessage, error) {
	out := make([]smsengine.AcceptedMessage, len(in.Messages))
	if in.Consumes != "" {
		n, err := t.exec(`UPDATE partset SET consumed = 1 WHERE id = ? AND consumed = 0`, in.Consumes)
		if err != nil {
			return nil, err
		}
		if n == 0 { // somebody else was first
			return out, t.known(in, out)
		}
	}
	some, source, places := false, false, in.Claim.Places()
	old := map[smsengine.MessageID]bool{} // messages that are not stored
	for i, m := range in.Messages {
		if m.ID == "" {
			m.ID = smsengine.NewMessageID(m.Created)
		}
		m.Source = in.Source.ID
		a, told, err := t.acceptOne(m, in, places)
		if err != nil {
			return nil, err
		}
		out[i] = a
		isNew := a.Err == nil && !a.Duplicate && a.Dropped == ""
		some, source = some || isNew, source || isNew || told
		if !isNew {
			old[m.ID] = true
		}
	}
	if some {
		about := func(n smsengine.Message) bool { return n.About != "" && old[n.About] }
		if _, err := t.insertNotices(slices.DeleteFunc(slices.Clone(in.Notices), about), in.Source.ID); err != nil {
			return nil, err
		}
	}
	if some || len(in.Messages) == 0 {
		for _, f := range in.Effects {
			made, err := t.effect(f, in.Source.Received)
			if err != nil {
				return nil, err
			}
			source = source || made != ""
		}
	}
	if source {
		if err := t.insertSource(in.Source); err != nil {
			return nil, err
		}
	}
	return out, t.useKeys(in.KeysUsed, in.Source.Received)
}

// acceptOne stores one message and reserves its charges. told reports whether
// notes were stored in its place, because it would have passed a limit.
func (t *tx) acceptOne(m smsengine.Message, in smsengine.Intake, places *smsengine.Places) (a smsengine.AcceptedMessage, told bool, err error) {
	if len(m.Parts) == 0 {
		return a, false, fmt.Errorf("message %s has no parts", m.ID)
	}
	own := m
	m, events, err := claimed(m, places)
	if err != nil {
		return a, false, err
	}
	isNew, err := t.insertMessage(m, events...)
	if err != nil {
		return a, false, err
	}
	if !isNew {
		a, err = t.first(m.Key)
		return a, false, err
	}
	over, within, err := t.reserve(m, in.Limits)
	if err != nil {
		return a, false, err
	}
	if !within {
		if err := t.forgetMessage(m); err != nil {
			return a, false, err
		}
		switch l := in.Limits[over]; {
		case l.Gather != nil:
			a, err = t.gather(own, over, *l.Gather)
		case l.Drop != "":
			a.Dropped = l.Drop
			told, err = t.drop(m, over, l)
		default:
			a.Err, told, err = t.refuse(m, over, l)
		}
		return a, told, err
	}
	a.ID = m.ID
	if m.State == smsengine.Sending {
		places.Take(m.Gateway, m.Route)
		a.Delivery = &smsengine.Delivery{Message: m, Part: m.Unsent(), At: in.Claim.Now}
	}
	return a, false, nil
}

// claimed begins an attempt at a text before it is stored, if there is room: the
// message as it is stored then, and the events that brought it there.
func claimed(m smsengine.Message, c *smsengine.Places) (smsengine.Message, []smsengine.Event, error) {
	events := []smsengine.Event{accepted(m)}
	g := c.Choose(m)
	if g == "" || m.Kind != smsengine.Text || m.State != smsengine.Ready || m.Next.After(c.Now) {
		return m, events, nil
	}
	e := smsengine.Event{
		Message: m.ID, Kind: smsengine.Claimed, At: c.Now, Attempt: m.Attempt + 1,
		Gateway: g, Node: c.Node, Until: c.Until,
	}
	m, _, err := m.Apply(e, e.At)
	return m, append(events, e), err
}

// known answers an Intake that was stored before. What can be dropped and is not
// there was dropped.
func (t *tx) known(in smsengine.Intake, out []smsengine.AcceptedMessage) error {
	for i, m := range in.Messages {
		a, err := t.first(m.Key)
		if errors.Is(err, smsengine.ErrNotFound) {
			for _, c := range m.Charges {
				a.Dropped = cmp.Or(a.Dropped, in.Limits[c.Counter].Drop)
			}
			if a.Dropped != "" {
				a.Duplicate, err = false, nil
			}
		}
		if err != nil {
			return err
		}
		out[i] = a
	}
	return nil
}

// first names the message that has the key already.
func (t *tx) first(key string) (smsengine.AcceptedMessage, error) {
	a := smsengine.AcceptedMessage{Duplicate: true}
	found, err := t.row(func(r scanner) error { return r.Scan(&a.ID) }, `SELECT id FROM message WHERE key = ?`, key)
	if err == nil && !found {
		err = fmt.Errorf("key %s: %w", key, smsengine.ErrNotFound)
	}
	return a, err
}

// forgetMessage takes back what insertMessage did.
func (t *tx) forgetMessage(m smsengine.Message) error {
	delete(t.s.active, m.ID)
	t.moves.gone(m)
	_, err := t.exec(`DELETE FROM message WHERE id = ?`, string(m.ID))
	return err
}
