package modem

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// spoken is a text or receipt that the modem told by mouth and did not store
// (+CMT, +CDS): until the Sink has it, there is no other copy but the network's.
type spoken struct {
	item
	line  *line
	heard time.Time
	turn  int // among all that was told
}

// confirmed is what was last confirmed to the network.
type confirmed struct {
	line *line
	name fingerprint
	at   time.Time
}

// stutter is how soon a modem says a thing again by mistake. A network that brings
// it again takes longer.
const stutter = time.Second

// maxSpoken bounds what waits in memory. A network that waits for its confirmation
// has one under way; without confirmations it is the flood of a day without a disk.
const maxSpoken = 1000

// listen takes what came by mouth. What nobody takes yet is kept, and not confirmed:
// the network will bring it again if we die over it.
func (in *inbox) listen(ctx context.Context, l *line, u at.Unsolicited) {
	heard := time.Now()
	it, err := readItem(u.PDU, at.ParseLength(u))
	in.mouth.Lock()
	in.turn++
	turn := in.turn
	in.mouth.Unlock()
	if err != nil || it.cut {
		in.g.log.Error("what the modem told could not be read", "kind", u.Name, "brought again", l.confirms, "err", err)
		return
	}
	in.mouth.Lock()
	in.spoken = slices.DeleteFunc(in.spoken, func(s spoken) bool { return s.name == it.name && s.name != fingerprint{} })
	if len(in.spoken) >= maxSpoken {
		in.g.log.Error("too much waits to be stored: the oldest text or receipt is lost")
		in.spoken = in.spoken[1:]
	}
	in.spoken = append(in.spoken, spoken{it, l, heard, turn})
	in.mouth.Unlock()
	if !in.hear(ctx, l) {
		in.again()
	}
}

// hear tries to have taken what was told by mouth, in order, and reports whether
// nothing is left.
func (in *inbox) hear(ctx context.Context, l *line) bool {
	in.mouth.Lock()
	defer in.mouth.Unlock()
	var left []spoken
	for _, s := range in.spoken {
		if !in.take(ctx, s.item) {
			left = append(left, s)
			continue
		}
		if s.line == l && l.confirms && s.turn == in.turn {
			in.confirm(ctx, s)
		}
	}
	in.spoken = left
	return len(left) == 0
}

// confirm tells the network that something is safe (3GPP TS 27.005 §3.4.4). That
// means whatever the network brought last: so nothing is confirmed once something
// else was told, read or not, and what the modem says twice is confirmed once, or
// the next text would be given up before it is safe. A copy may have waited while
// the first was confirmed.
func (in *inbox) confirm(ctx context.Context, s spoken) {
	last := in.last
	if last.line == s.line && last.name == s.name && s.name != (fingerprint{}) && s.heard.Sub(last.at) < stutter {
		return
	}
	_, err := s.line.Do(ctx, "AT+CNMA")
	in.last = confirmed{s.line, s.name, time.Now()}
	if isResult(err) {
		in.g.log.Warn("the modem did not want a confirmation: the network may bring something again", "err", err)
	}
}

// check looks whether the modem has stopped to tell of texts, as it does when one was
// not confirmed in time (3GPP TS 27.005 §3.4.4), perhaps one of an earlier life of
// ours that was cut off: then it must be made ready anew.
func (in *inbox) check(ctx context.Context, l *line) error {
	if !l.confirms || !l.tells {
		return nil
	}
	a, err := l.Do(ctx, "AT+CNMI?")
	if err != nil {
		return passing(err)
	}
	now, err := at.ParseRanges(a, "+CNMI")
	if err == nil && len(now) > 3 && none(now[1]) && none(now[3]) {
		l.fail(errDeaf)
	}
	return nil
}

func none(setting []int) bool { return len(setting) == 1 && setting[0] == 0 }

// errDeaf is a modem that does not tell of texts any more.
var errDeaf = errors.New("the modem stopped to tell of texts: one was not confirmed in time")
