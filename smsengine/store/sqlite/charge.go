package sqlite

import (
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// reserve puts all charges of a message on their counters. If one of them would
// pass its limit it puts none, and gives the counter of the first that would.
func (t *tx) reserve(m smsengine.Message, limits smsengine.Limits) (over smsengine.Counter, within bool, err error) {
	was := make([]count, 0, len(m.Charges))
	for i, c := range m.Charges {
		n, err := t.counter(c.Counter)
		if err != nil {
			return over, false, err
		}
		was = append(was, *n)
		if c.Amount <= 0 {
			continue
		}
		if most := limits[c.Counter].Most; most != 0 && n.used+c.Amount > most {
			for j := i - 1; j >= 0; j-- { // backwards: a counter may be charged twice
				*t.counters[m.Charges[j].Counter] = was[j]
			}
			return c.Counter, false, nil
		}
		*n = count{used: n.used + c.Amount, last: max(n.last, millis(m.Created)), there: true, dirty: true}
	}
	return over, true, nil
}

// giveBack takes charges off their counters, as far as they are there: an
// administrator may have set a counter back, and windows are forgotten.
func (t *tx) giveBack(charges []smsengine.Charge) error {
	for _, c := range charges {
		n, err := t.counter(c.Counter)
		if err != nil {
			return err
		}
		if n.there && c.Amount > 0 {
			n.used, n.dirty = max(n.used-c.Amount, 0), true
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

// drop counts a message that is dropped, so that the counter tells how many came.
// told reports whether a note was stored.
func (t *tx) drop(m smsengine.Message, on smsengine.Counter, limit smsengine.Limit) (told bool, err error) {
	if err := t.countOn(m, on); err != nil {
		return false, err
	}
	return t.insertNotices(limit.Notices, m.Source)
}

// countOn puts a message's charges on one counter, whatever its limit.
func (t *tx) countOn(m smsengine.Message, on smsengine.Counter) error {
	n, err := t.counter(on)
	if err != nil {
		return err
	}
	for _, c := range m.Charges {
		if c.Counter == on && c.Amount > 0 {
			*n = count{used: n.used + c.Amount, last: max(n.last, millis(m.Created)), there: true, dirty: true}
		}
	}
	return nil
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
