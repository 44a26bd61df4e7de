package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Collect stores a part from a phone. See smsengine.Queue.
func (s *Store) Collect(ctx context.Context, in smsengine.IncomingPart) (smsengine.PartSet, error) {
	var set smsengine.PartSet
	if in.Seq < 1 || in.Total < 1 || in.Seq > in.Total {
		return set, fmt.Errorf("collect: part %d of %d", in.Seq, in.Total)
	}
	if in.Dedupe == "" {
		in.Dedupe = digest(in)
	}
	err := s.change(ctx, func(t *tx) error {
		id, err := t.collect(in)
		if err == nil {
			set, err = t.partSet(id)
		}
		return err
	})
	if err != nil {
		return smsengine.PartSet{}, fmt.Errorf("collect: %w", err)
	}
	return set, nil
}

// digest names a part whose gateway has no name for it. A part without a time
// stamp is told from a later one of the same words by when it was received.
func digest(in smsengine.IncomingPart) string {
	at := in.Sent
	if at.IsZero() {
		at = in.Received
	}
	words := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d/%d/%d\x00%d\x00%s",
		in.Gateway, in.From, in.To, in.Ref, in.Seq, in.Total, millis(at), in.Text)
	if len(in.Data)+len(in.UDH) > 0 {
		words = fmt.Appendf(words, "\x00%x\x00%x", in.UDH, in.Data)
	}
	sum := sha256.Sum256(words)
	return hex.EncodeToString(sum[:16])
}

// collect gives the set that the part is in.
func (t *tx) collect(in smsengine.IncomingPart) (string, error) {
	dedupe := in.Gateway + " " + in.Dedupe
	var id string
	scan := func(r scanner) error { return r.Scan(&id) }
	if found, err := t.row(scan, `SELECT partset FROM part WHERE dedupe = ?`, dedupe); err != nil || found {
		return id, err
	}
	data, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	// An open set that has this number already belongs to another text whose
	// reference is the same.
	found, err := t.row(scan, `SELECT id FROM partset s WHERE consumed = 0 AND gateway = ? AND sender = ? AND recipient = ?
			AND ref = ? AND total = ? AND total > 1
			AND NOT EXISTS (SELECT 1 FROM part p WHERE p.partset = s.id AND p.seq = ?) ORDER BY first LIMIT 1`,
		in.Gateway, in.From.String(), in.To.String(), in.Ref, in.Total, in.Seq)
	if err != nil {
		return "", err
	}
	if found {
		_, err = t.exec(`UPDATE partset SET have = have + 1 WHERE id = ?`, id)
	} else {
		id = string(smsengine.NewSourceID(in.Received))
		_, err = t.exec(`INSERT INTO partset (id, gateway, sender, recipient, ref, total, have, first, consumed) VALUES (?,?,?,?,?,?,1,?,0)`,
			id, in.Gateway, in.From.String(), in.To.String(), in.Ref, in.Total, millis(in.Received))
	}
	if err != nil {
		return "", err
	}
	_, err = t.exec(`INSERT INTO part (partset, seq, dedupe, data) VALUES (?,?,?,?)`, id, in.Seq, dedupe, string(data))
	return id, err
}

// Unconsumed gives the sets that wait to be made into messages. See
// smsengine.Queue.
func (s *Store) Unconsumed(ctx context.Context, before time.Time) ([]smsengine.PartSet, error) {
	ids, err := column(ctx, s.read, `SELECT id FROM partset WHERE consumed = 0 AND (have = total OR first <= ?) ORDER BY first LIMIT 1000`, millis(before))
	if err != nil {
		return nil, err
	}
	sets := make([]smsengine.PartSet, 0, len(ids))
	for _, id := range ids {
		set, err := readPartSet(id, func(query string, args ...any) (rowsScanner, error) {
			return s.read.QueryContext(ctx, query, args...)
		})
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

func (t *tx) partSet(id string) (smsengine.PartSet, error) {
	return readPartSet(id, func(query string, args ...any) (rowsScanner, error) { return t.query(query, args...) })
}

// rowsScanner is what readPartSet needs of sql.Rows.
type rowsScanner interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

func readPartSet(id string, query func(string, ...any) (rowsScanner, error)) (smsengine.PartSet, error) {
	set := smsengine.PartSet{ID: id}
	rows, err := query(`SELECT s.gateway, s.sender, s.recipient, s.total, s.first, s.consumed, p.data
		FROM partset s JOIN part p ON p.partset = s.id WHERE s.id = ? ORDER BY p.seq`, id)
	if err != nil {
		return set, err
	}
	defer rows.Close()
	for rows.Next() {
		var from, to, data string
		var first int64
		if err := rows.Scan(&set.Gateway, &from, &to, &set.Total, &first, &set.Consumed, &data); err != nil {
			return set, err
		}
		var p smsengine.IncomingPart
		if err := json.Unmarshal([]byte(data), &p); err != nil {
			return set, fmt.Errorf("part of %s: %w", id, err)
		}
		set.First, set.From, set.To = instant(first), p.From, p.To
		set.Parts = append(set.Parts, p)
	}
	return set, rows.Err()
}
