package sqlite

import (
	"context"
	"fmt"
	"maps"

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
	stored, room := false, maps.Clone(in.Claim.Room)
	for i, m := range in.Messages {
		if m.ID == "" {
			m.ID = smsengine.NewMessageID(m.Created)
		}
		if len(m.Parts) == 0 {
			return nil, fmt.Errorf("message %s has no parts", m.ID)
		}
		m.Source = in.Source.ID
		m, events, err := claimed(m, in.Claim, room)
		if err != nil {
			return nil, err
		}
		isNew, err := t.insertMessage(m, events...)
		if err != nil {
			return nil, err
		}
		if !isNew {
			if out[i], err = t.first(m.Key); err != nil {
				return nil, err
			}
			continue
		}
		within, err := t.reserve(m, in.Limits[m.Account])
		if err != nil {
			return nil, err
		}
		if !within {
			if err := t.forgetMessage(m.ID); err != nil {
				return nil, err
			}
			out[i].Err = smsengine.Fail("accept", smsengine.Permanent, "5.2.2",
				fmt.Sprintf("the limit of %d parts a month is reached", in.Limits[m.Account]), nil)
			continue
		}
		out[i].ID, stored = m.ID, true
		if m.State == smsengine.Sending {
			room[m.Gateway]--
			out[i].Delivery = &smsengine.Delivery{Message: m, Part: m.Unsent()}
		}
	}
	if stored {
		return out, t.insertSource(in.Source)
	}
	return out, nil
}

// claimed begins an attempt at a text before it is stored, if there is room: the
// message as it is stored then, and the events that brought it there.
func claimed(m smsengine.Message, c smsengine.Claim, room map[string]int) (smsengine.Message, []smsengine.Event, error) {
	events := []smsengine.Event{accepted(m)}
	g := bind(m, room)
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

// known answers an Intake that was stored before.
func (t *tx) known(in smsengine.Intake, out []smsengine.AcceptedMessage) error {
	for i, m := range in.Messages {
		a, err := t.first(m.Key)
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

// reserve counts the cost; false if that would pass the limit.
func (t *tx) reserve(m smsengine.Message, limit int) (bool, error) {
	if m.Account == "" || m.Cost == 0 {
		return true, nil
	}
	if limit > 0 && m.Cost > limit {
		return false, nil
	}
	n, err := t.exec(`INSERT INTO usage (account, period, parts, last) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (account, period) DO UPDATE SET parts = parts + ?3, last = max(last, ?4)
		WHERE ?5 = 0 OR parts + ?3 <= ?5`,
		m.Account, m.Period, m.Cost, millis(m.Created), limit)
	return n > 0, err
}

func (t *tx) forgetMessage(id smsengine.MessageID) error {
	delete(t.s.active, id)
	if _, err := t.exec(`DELETE FROM event WHERE message = ?`, string(id)); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM message WHERE id = ?`, string(id))
	return err
}
