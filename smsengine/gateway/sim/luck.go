package sim

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// luck draws what happens to a part. It is a function of the seed and of the
// order in which parts come.
type luck struct {
	config Config
	mu     sync.Mutex
	dice   *rand.Rand
	next   []smsengine.Class // what FailNext asked for
}

func newLuck(c Config) *luck {
	return &luck{config: c, dice: rand.New(rand.NewPCG(uint64(c.Seed), 0x706f7374))}
}

// fate is what happens to one part that we send.
type fate struct {
	class       smsengine.Class
	arrives     int  // how many times
	undelivered bool // what the receipt says
	early       bool // the receipt comes before the answer
	delay       time.Duration
}

// outgoing draws the fate of a part to this number.
func (l *luck) outgoing(number string) fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := fate{arrives: 1, delay: time.Duration(l.config.Delay)}
	if l.config.Jitter > 0 {
		f.delay += time.Duration(l.dice.Int64N(int64(l.config.Jitter) + 1))
	}
	if l.chance(l.config.Duplicates) {
		f.arrives = 2
	}
	f.early = l.chance(l.config.EarlyReceipts)
	f.class, f.undelivered = l.trouble(number)
	switch {
	case f.class == smsengine.Uncertain:
		if l.chance(0.5) {
			f.arrives = 0
		}
	case f.class != smsengine.OK || f.undelivered:
		f.arrives = 0
	}
	return f
}

func (l *luck) trouble(number string) (class smsengine.Class, undelivered bool) {
	if len(l.next) > 0 {
		class, l.next = l.next[0], l.next[1:]
		return class, false
	}
	for _, t := range l.config.Fail {
		if t.concerns(number) && l.chance(t.Share) {
			return classes[t.Kind], t.Kind == Undelivered
		}
	}
	return smsengine.OK, false
}

// incoming gives the order in which the parts of a text from a phone come: the
// index of each, some perhaps twice.
func (l *luck) incoming(parts int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	order := make([]int, 0, parts)
	for i := range parts {
		order = append(order, i)
		if l.chance(l.config.Duplicates) {
			order = append(order, i)
		}
	}
	if parts > 1 && l.chance(l.config.Reorder) {
		l.dice.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	return order
}

// chance is drawn with the lock held. What never or always happens costs no
// draw, so that switching one trouble on does not disturb another's luck.
func (l *luck) chance(s Share) bool {
	return s >= 1 || s > 0 && l.dice.Float64() < float64(s)
}

// failNext makes the next n parts fail in this way, whatever their number.
func (l *luck) failNext(n int, class smsengine.Class) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.next = append(l.next, class)
	}
}
