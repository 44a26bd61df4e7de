package sqlite

import (
	"errors"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// gather stores a message as one that a digest gathers, and the digest if it is not
// there.
func (t *tx) gather(m smsengine.Message, on smsengine.Counter, digest smsengine.Message) (a smsengine.AcceptedMessage, err error) {
	digest.Source = m.Source
	if digest, err = t.digest(digest); err != nil {
		return a, fmt.Errorf("digest %s: %w", digest.Key, err)
	}
	if err := t.countOn(m, on); err != nil {
		return a, err
	}
	m, effects := m.GatheredBy(digest)
	if _, err := t.insertMessage(m, accepted(m)); err != nil {
		return a, err
	}
	for _, f := range effects {
		if _, err := t.effect(f, m.Created); err != nil {
			return a, err
		}
	}
	return smsengine.AcceptedMessage{ID: m.ID, Digest: digest.ID}, nil
}

// digest gives the one of a key that gathers. One that has begun to tell, or that a
// person has stopped, gathers no more: it is followed by another.
func (t *tx) digest(d smsengine.Message) (smsengine.Message, error) {
	for n, key := 2, d.Key; ; n++ {
		a, err := t.first(d.Key)
		if errors.Is(err, smsengine.ErrNotFound) {
			break
		}
		if err != nil {
			return d, err
		}
		if there, err := t.message(a.ID); err != nil || there.Gathers() {
			return there.Message, err
		}
		d.Key = fmt.Sprintf("%s %d", key, n)
	}
	d.ID = smsengine.NewMessageID(d.Created)
	_, err := t.insertMessage(d, accepted(d))
	return d, err
}
