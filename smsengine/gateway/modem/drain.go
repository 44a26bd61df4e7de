package modem

import (
	"context"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// drain looks through the memories of a line, takes what is there, and deletes it
// once it is safe. The error says that the modem did not answer.
//
// It never deletes what it has not just seen: a place may hold another text by now.
func (in *inbox) drain(ctx context.Context, l *line) error {
	v := &view{inbox: in, line: l}
	if !in.hear(ctx, l) {
		v.left++
	}
	err := in.check(ctx, l)
	for _, memory := range in.memories(l) {
		if err == nil {
			err = v.see(ctx, memory)
		}
	}
	if err != nil {
		in.again()
		return err
	}
	in.complain()
	if v.left > 0 {
		in.again()
		return nil
	}
	in.calm()
	if v.done > 0 { // there may be more by now
		in.look()
	}
	return nil
}

// view is one look through all memories.
type view struct {
	*inbox
	line *line
	done int // that were taken
	left int // that could not be taken or deleted
}

// atOnce is how many texts are taken in one look: then the modem's own words get a
// hearing.
const atOnce = 32

// see takes what is in one memory.
func (v *view) see(ctx context.Context, memory string) error {
	m, all, err := v.list(ctx, memory)
	if err != nil {
		v.left++
		return passing(err)
	}
	v.g.state.memory(memory, m.Used, m.Total)
	if !v.heeded() {
		return nil
	}
	seen := make(map[int]bool)
	kept, gone := 0, 0
	for _, s := range all {
		if s.Index < 0 || seen[s.Index] { // some list everything twice
			continue
		}
		seen[s.Index] = true
		if v.done >= atOnce {
			continue
		}
		deleted, err := v.visit(ctx, place{memory, s.Index}, s)
		if err != nil {
			return err
		}
		if deleted {
			gone++
		} else {
			kept++
		}
	}
	v.forget(memory, seen)
	if m.Used >= gone {
		v.g.state.memory(memory, m.Used-gone, m.Total)
	}
	v.full(memory, kept, m.Total)
	return nil
}

// list selects a memory and lists it. What nobody wants to hear stays unread.
func (v *view) list(ctx context.Context, memory string) (at.Memory, []at.Stored, error) {
	defer v.turn(ctx)()
	m := at.Memory{Name: memory, Used: -1, Total: -1}
	a, err := v.line.Do(ctx, fmt.Sprintf("AT+CPMS=%q", memory))
	if err != nil {
		return m, nil, err
	}
	if all, err := at.ParseMemories(a); err == nil && len(all) > 0 {
		m.Used, m.Total = all[0].Used, all[0].Total
	}
	if !v.heeded() {
		return m, nil, nil
	}
	a, err = v.line.Do(ctx, "AT+CMGL=4")
	return m, at.ParseList(a), err
}

// visit deals with one text, and reports whether it is gone from the modem.
func (v *view) visit(ctx context.Context, p place, s at.Stored) (gone bool, err error) {
	if s.Status.Ours() {
		return false, nil
	}
	it, err := v.read(ctx, p, s)
	if err != nil || it == nil || it.ours {
		return false, err
	}
	known := v.past.has(it.name)
	if !v.take(ctx, *it) {
		v.left++
		return false, nil
	}
	if !known {
		v.done++
		delete(v.stuck, p) // that was another text
	}
	v.stuck[p]++
	return v.delete(ctx, p)
}

// read reads a text, once more by itself if the listing is not as it should be. Nil
// is one that cannot be read: it stays, and is not asked for again.
func (v *view) read(ctx context.Context, p place, s at.Stored) (*item, error) {
	it, err := readItem(s.PDU, s.Length)
	if err == nil && !it.flawed {
		delete(v.blurs, p)
		return &it, nil
	}
	if blur, ok := v.blurs[p]; ok && blur == s.PDU {
		return nil, nil
	}
	a, asked := v.command(ctx, fmt.Sprintf("AT+CMGR=%d", p.index))
	if asked != nil {
		v.left++
		return nil, passing(asked)
	}
	if again, ok := at.ParseRead(a); ok {
		if better, why := readItem(again.PDU, again.Length); why == nil {
			it, err = better, nil
		}
	}
	if err != nil || it.cut {
		v.blurs[p] = s.PDU
		v.g.log.Error("a text in the modem cannot be read, and stays there", "memory", p.memory, "place", p.index, "err", err)
		return nil, nil
	}
	if it.flawed {
		v.g.log.Info("a text has faults that were passed over", "memory", p.memory, "place", p.index)
	}
	delete(v.blurs, p)
	return &it, nil
}

// delete takes a text out of the modem that is safe. The modem may say no, or say
// yes and keep it: the next look tells.
func (v *view) delete(ctx context.Context, p place) (gone bool, err error) {
	_, err = v.command(ctx, fmt.Sprintf("AT+CMGD=%d", p.index))
	if isResult(err) {
		v.g.log.Warn("the modem did not delete a text", "memory", p.memory, "place", p.index, "err", err)
		v.left++
		return false, nil
	}
	return err == nil, err
}

// command asks for something when nobody else must not be disturbed.
func (v *view) command(ctx context.Context, command string) (at.Answer, error) {
	defer v.turn(ctx)()
	return v.line.Do(ctx, command)
}

// politeness is how long a look waits for its turn. A message of many parts may take
// minutes, and what is received must not wait so long: then it comes between two of
// them.
const politeness = 2 * time.Second

// turn takes the turn, and gives the function that gives it back.
func (v *view) turn(ctx context.Context) func() {
	ctx, cancel := context.WithTimeout(ctx, politeness)
	defer cancel()
	if v.line.take(ctx) != nil {
		return func() {}
	}
	return v.line.give
}

// passing leaves of an error only what says that the modem did not answer: one that
// says no will perhaps say yes the next time.
func passing(err error) error {
	if isResult(err) {
		return nil
	}
	return err
}
