package sqlite

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// reserve puts all charges of a message on their counters. If one of them would
// pass its limit it puts none, and gives the counter of the first that would.
func (t *tx) reserve(m smsengine.Message, limits smsengine.Limits) (over smsengine.Counter, within bool, err error) {
	if len(m.Charges) == 1 {
		return t.reserveEach(m, limits) // it is all or nothing anyway
	}
	if len(m.Charges) == 0 {
		return over, true, nil
	}
	if _, err := t.exec(`SAVEPOINT charges`); err != nil {
		return over, false, err
	}
	over, within, err = t.reserveEach(m, limits)
	if err == nil && !within {
		_, err = t.exec(`ROLLBACK TO charges`)
	}
	if err == nil {
		_, err = t.exec(`RELEASE charges`)
	}
	return over, within, err
}

func (t *tx) reserveEach(m smsengine.Message, limits smsengine.Limits) (over smsengine.Counter, within bool, err error) {
	for _, c := range m.Charges {
		if within, err := t.charge(c, m.Created, limits[c.Counter].Most); err != nil || !within {
			return c.Counter, false, err
		}
	}
	return over, true, nil
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

// refuse does what it causes that a message would pass a limit: the account may
// be stopped, and people told. told reports whether a note was stored.
func (t *tx) refuse(m smsengine.Message, on smsengine.Counter, limit smsengine.Limit) (refusal *smsengine.Error, told bool, err error) {
	refusal = limit.Refusal
	if refusal == nil {
		refusal = smsengine.Fail("accept", smsengine.Permanent, "5.2.2", fmt.Sprintf("the limit of %d is reached", limit.Most), nil)
	}
	if limit.Stop == "" {
		return refusal, false, nil
	}
	if err := t.stopAccount(smsengine.Stop{Account: on.Account, At: m.Created, Reason: limit.Stop}); err != nil {
		return nil, false, err
	}
	told, err = t.insertNotices(limit.Notices, m.Source)
	return refusal, told, err
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
