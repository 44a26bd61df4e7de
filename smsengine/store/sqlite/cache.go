package sqlite

import "github.com/postel-mail/postel/smsengine"

// cacheMost bounds the cache: with long texts a message takes a few kilobytes.
const cacheMost = 4096

// cache has messages as the database has them, so that the next change need not
// read what the last one wrote. Only the committer touches it; what is rolled
// back empties it. It shares the message's slices with callers, who like Apply
// do not write into them.
type cache map[smsengine.MessageID]row

// keep remembers a message that will change again soon, and forgets others.
func (c cache) keep(m row) {
	if m.State != smsengine.Ready && m.State != smsengine.Sending {
		delete(c, m.ID)
		return
	}
	if _, there := c[m.ID]; !there && len(c) >= cacheMost {
		for id := range c { // any: the map's order is random
			delete(c, id)
			break
		}
	}
	c[m.ID] = m
}
