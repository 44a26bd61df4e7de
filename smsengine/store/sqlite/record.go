package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Record applies events with their effects. See smsengine.Queue.
func (s *Store) Record(ctx context.Context, es []smsengine.Event) ([]smsengine.Result, error) {
	var out []smsengine.Result
	err := s.change(ctx, func(t *tx) error {
		out = make([]smsengine.Result, len(es))
		for i, e := range es {
			var err error
			if out[i], err = t.record(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return out, nil
}

// Settle records an event and begins attempts. See smsengine.Queue.
func (s *Store) Settle(ctx context.Context, e smsengine.Event, c smsengine.Claim) (smsengine.Result, []smsengine.Delivery, error) {
	var r smsengine.Result
	var ds []smsengine.Delivery
	err := s.change(ctx, func(t *tx) (err error) {
		if r, err = t.record(e); err == nil {
			ds, err = t.claim(c)
		}
		return err
	})
	if err != nil {
		return smsengine.Result{}, nil, fmt.Errorf("settle: %w", err)
	}
	return r, ds, nil
}

// record applies one event. What Apply refuses goes into the Result; an error
// is the store's own.
func (t *tx) record(e smsengine.Event) (smsengine.Result, error) {
	m, err := t.message(e.Message)
	if errors.Is(err, smsengine.ErrNotFound) {
		return smsengine.Result{Err: err}, nil
	}
	if err != nil {
		return smsengine.Result{}, err
	}
	next, effects, err := m.Apply(e, e.At)
	if err != nil {
		return smsengine.Result{Message: m.Message, Err: err}, nil
	}
	r := smsengine.Result{Message: next}
	if err := t.updateMessage(m, next, e); err != nil {
		return r, err
	}
	for _, f := range effects {
		id, err := t.effect(f, e.At)
		if err != nil {
			return r, err
		}
		if id != "" {
			r.Reports = append(r.Reports, id)
		}
	}
	if !e.Taken.Receipts || e.Taken.Reference == "" {
		return r, nil
	}
	return t.expectReceipts(r, e)
}

// effect stores what a change causes. id names a message that was made.
func (t *tx) effect(f smsengine.Effect, at time.Time) (id smsengine.MessageID, err error) {
	switch f := f.(type) {
	case smsengine.NewMessage:
		m := f.Message
		m.ID = smsengine.NewMessageID(at)
		isNew, err := t.insertMessage(m, accepted(m))
		if err != nil || !isNew {
			return "", err
		}
		return m.ID, nil
	case smsengine.Refund:
		err = t.giveBack(f.Charges)
	case smsengine.MakeLink:
		err = t.makeLink(f.Link, at)
	case smsengine.Suppress:
		_, err = t.suppress(f)
	case smsengine.KeepConflict:
		_, err = t.exec(`INSERT OR REPLACE INTO conflict (ours, theirs, message, day, told) VALUES (?,?,?,?,?)`,
			f.Ours.String(), f.Theirs.String(), string(f.Message), millis(f.Day), f.Told)
	default:
		err = fmt.Errorf("unknown effect %T", f)
	}
	return "", err
}

// expectReceipts keeps the gateway's name for the parts, and applies receipts
// that came before.
func (t *tx) expectReceipts(r smsengine.Result, e smsengine.Event) (smsengine.Result, error) {
	last := e.Part
	if e.Taken.Whole {
		last = len(r.Message.Parts) - 1
	}
	if err := t.pruneReferences(e.At); err != nil {
		return r, err
	}
	number := digits(r.Message.To.Value)
	for i := e.Part; i <= last; i++ {
		if _, err := t.exec(`INSERT INTO reference (gateway, ref, number, message, part, at) VALUES (?,?,?,?,?,?)`,
			e.Gateway, e.Taken.Reference, number, string(e.Message), i, millis(e.At)); err != nil {
			return r, err
		}
	}
	if !t.s.parked {
		return r, nil
	}
	early, err := t.takeParked(e, number)
	if err != nil {
		return r, err
	}
	for _, rep := range early { // one for the whole is one for each part: Apply knows
		again, err := t.record(receiptEvent(e.Message, e.Part, rep, true))
		if err != nil {
			return r, err
		}
		if again.Err == nil {
			r.Message = again.Message
			r.Reports = append(r.Reports, again.Reports...)
		}
	}
	return r, nil
}

// pruneReferences forgets names that no receipt can mean any more: now and then,
// a few of the oldest, so that nobody waits for it.
func (t *tx) pruneReferences(now time.Time) error {
	if t.s.expected++; t.s.expected%256 != 1 {
		return nil
	}
	_, err := t.exec(`DELETE FROM reference WHERE at < ? AND rowid IN (SELECT rowid FROM reference ORDER BY rowid LIMIT 512)`,
		millis(now.Add(-receiptAge)))
	return err
}

// earliest is how long before its part was recorded a receipt can have come.
// References wrap, so an older one belongs to another part.
const earliest = 5 * time.Minute

// takeParked gives the receipts that waited for the part, and forgets them.
func (t *tx) takeParked(e smsengine.Event, number string) ([]smsengine.ReceiptReport, error) {
	rows, err := t.query(`SELECT id, data FROM receipt WHERE gateway = ? AND ref = ? AND at >= ? ORDER BY id`,
		e.Gateway, e.Taken.Reference, millis(e.At.Add(-earliest)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var early []smsengine.ReceiptReport
	var ids []int64
	for rows.Next() {
		var id int64
		var data string
		var rep smsengine.ReceiptReport
		if err := rows.Scan(&id, &data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(data), &rep); err != nil {
			return nil, err
		}
		if sameNumber(number, digits(rep.Number.Value)) {
			early, ids = append(early, rep), append(ids, id)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := t.exec(`DELETE FROM receipt WHERE id = ?`, id); err != nil {
			return nil, err
		}
	}
	return early, nil
}
