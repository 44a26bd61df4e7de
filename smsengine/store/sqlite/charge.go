package sqlite

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// reserve puts all charges of a message on their counters. If one of them would
// pass its limit it puts none, and gives that limit with its counter.
func (t *tx) reserve(m smsengine.Message, limits smsengine.Limits) (over *smsengine.Limit, on smsengine.Counter, err error) {
	if len(m.Charges) > 1 { // one charge alone is all or nothing anyway
		if _, err := t.exec(`SAVEPOINT charges`); err != nil {
			return nil, on, err
		}
		defer func() {
			if err == nil && over != nil {
				_, err = t.exec(`ROLLBACK TO charges`)
			}
			if err == nil {
				_, err = t.exec(`RELEASE charges`)
			}
		}()
	}
	for _, c := range m.Charges {
		limit := limits[c.Counter]
		within, err := t.charge(c, m.Created, limit.Most)
		if err != nil {
			return nil, on, err
		}
		if !within {
			return &limit, c.Counter, nil
		}
	}
	return nil, on, nil
}

// charge counts one charge; false if that would pass the limit.
func (t *tx) charge(c smsengine.Charge, at time.Time, most int) (within bool, err error) {
	if c.Amount <= 0 {
		return true, nil
	}
	if most > 0 && c.Amount > most {
		return false, nil
	}
	n, err := t.exec(`INSERT INTO usage (account, period, used, last) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (account, period) DO UPDATE SET used = used + ?3, last = max(last, ?4)
		WHERE ?5 = 0 OR used + ?3 <= ?5`,
		c.Account, c.Period, c.Amount, millis(at), most)
	return n > 0, err
}

// giveBack takes charges off their counters, as far as they are there: an
// administrator may have set a counter back, and windows are forgotten.
func (t *tx) giveBack(charges []smsengine.Charge) error {
	for _, c := range charges {
		if c.Amount <= 0 {
			continue
		}
		if _, err := t.exec(`UPDATE usage SET used = max(used - ?, 0) WHERE account = ? AND period = ?`,
			c.Amount, c.Account, c.Period); err != nil {
			return err
		}
	}
	return nil
}

// refuse does what passing a limit causes: it may stop the account and tell
// people. stored reports whether a message was stored that needs the source.
func (t *tx) refuse(m smsengine.Message, over *smsengine.Limit, on smsengine.Counter, src smsengine.SourceID) (refusal *smsengine.Error, stored bool, err error) {
	refusal = over.Refusal
	if refusal == nil {
		refusal = smsengine.Fail("accept", smsengine.Permanent, "5.2.2", fmt.Sprintf("the limit of %d is reached", over.Most), nil)
	}
	if over.Stop == "" {
		return refusal, false, nil
	}
	if err := t.stopAccount(smsengine.Stop{Account: on.Account, At: m.Created, Reason: over.Stop}); err != nil {
		return nil, false, err
	}
	stored, err = t.insertNotices(over.Notices, src)
	return refusal, stored, err
}

// insertNotices stores notes beside what caused them; some is false if all of
// them were stored before.
func (t *tx) insertNotices(notices []smsengine.Message, src smsengine.SourceID) (some bool, err error) {
	for _, m := range notices {
		m.ID, m.Source = smsengine.NewMessageID(m.Created), src
		m.Charges = nil // nobody is charged, so there is nothing to give back
		isNew, err := t.insertMessage(m, accepted(m))
		if err != nil {
			return some, fmt.Errorf("notice %s: %w", m.Key, err)
		}
		some = some || isNew
	}
	return some, nil
}
