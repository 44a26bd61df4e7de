package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// receiptAge is how long after its part a receipt can come: the longest
// validity that the networks know is a week or two, and references wrap.
const receiptAge = 15 * 24 * time.Hour

// Match applies a receipt. See smsengine.Queue.
func (s *Store) Match(ctx context.Context, rep smsengine.ReceiptReport) (smsengine.MessageID, bool, error) {
	var id smsengine.MessageID
	err := s.changeSoon(ctx, func(t *tx) error {
		var err error
		id, err = t.match(rep)
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("match: %w", err)
	}
	return id, id != "", nil
}

// sentPart is a part that a receipt may be about.
type sentPart struct {
	number  string
	message smsengine.MessageID
	part    int
}

// match finds the newest part of that name that is still open, and applies the
// receipt to it (and so to all parts of a message that was taken whole, which
// Apply knows by their name). One for a part that is settled is a repetition and changes nothing;
// one for no part is kept.
func (t *tx) match(rep smsengine.ReceiptReport) (smsengine.MessageID, error) {
	parts, err := t.sentParts(rep)
	if err != nil {
		return "", err
	}
	var settled smsengine.MessageID
	for _, p := range parts {
		if !sameNumber(p.number, digits(rep.Number.Value)) {
			continue
		}
		m, err := t.message(p.message)
		if err != nil {
			return "", err
		}
		if st := m.Parts[p.part].State; st != smsengine.PartSent && st != smsengine.PartUnsure {
			if settled == "" {
				settled = p.message
			}
			continue
		}
		r, err := t.record(receiptEvent(p.message, p.part, rep, false))
		if err != nil {
			return "", err
		}
		if r.Err == nil {
			return p.message, nil
		}
	}
	if settled != "" {
		return settled, nil
	}
	return "", t.park(rep)
}

func (t *tx) sentParts(rep smsengine.ReceiptReport) ([]sentPart, error) {
	rows, err := t.query(`SELECT number, message, part FROM reference WHERE gateway = ? AND ref = ? AND at >= ?
		ORDER BY at DESC, rowid DESC LIMIT 200`, rep.Gateway, rep.Reference, millis(rep.At.Add(-receiptAge)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var parts []sentPart
	for rows.Next() {
		var p sentPart
		if err := rows.Scan(&p.number, &p.message, &p.part); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// park keeps a receipt for a part that is yet to be recorded, and drops what is
// too old to be of use.
func (t *tx) park(rep smsengine.ReceiptReport) error {
	data, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	old := millis(rep.At.Add(-receiptAge))
	if _, err := t.exec(`DELETE FROM receipt WHERE at < ?`, old); err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO receipt (gateway, ref, at, data) VALUES (?,?,?,?)`, rep.Gateway, rep.Reference, millis(rep.At), string(data))
	t.s.parked = true
	return err
}

func receiptEvent(id smsengine.MessageID, part int, rep smsengine.ReceiptReport, early bool) smsengine.Event {
	return smsengine.Event{
		Message: id, Kind: smsengine.Receipt, At: rep.At, Gateway: rep.Gateway,
		Part: part, Final: rep.Final, Status: rep.Status, Early: early,
	}
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// sameNumber compares by the last eight digits, or as many as the shorter has:
// networks report national numbers for international ones and the other way
// round. A number that is not told matches all.
func sameNumber(a, b string) bool {
	n := min(len(a), len(b), 8)
	return a[len(a)-n:] == b[len(b)-n:]
}
