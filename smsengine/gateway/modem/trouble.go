package modem

import (
	"fmt"
	"slices"
	"strings"
)

// The inbox's alarms.
const (
	alarmUnreadable = "unreadable" // a text cannot be read
	alarmStuck      = "stuck"      // a text cannot be deleted
	alarmStorage    = "storage"    // there is no room for what comes
)

// patienceStuck is how often deleting may fail before that is an alarm.
const patienceStuck = 3

// forget drops what is known of places in a memory that hold nothing any more.
func (in *inbox) forget(memory string, seen map[int]bool) {
	for p := range in.stuck {
		if p.memory == memory && !seen[p.index] {
			delete(in.stuck, p)
		}
	}
	for p := range in.blurs {
		if p.memory == memory && !seen[p.index] {
			delete(in.blurs, p)
		}
	}
}

// complain raises the alarms about texts that cannot be read or deleted, or ends
// them. It names places, and nothing of what is there.
func (in *inbox) complain() {
	var stuck, blurs []string
	for p, n := range in.stuck {
		if n >= patienceStuck {
			stuck = append(stuck, p.String())
		}
	}
	for p := range in.blurs {
		blurs = append(blurs, p.String())
	}
	in.alarm(alarmStuck, stuck, "texts are stored here, but the modem does not delete them: %s; delete them with another program, or replace the SIM card")
	in.alarm(alarmUnreadable, blurs, "texts in the modem cannot be read, and stay there: %s; look at them with postel modem at, and delete them")
}

func (in *inbox) alarm(name string, places []string, text string) {
	if len(places) == 0 {
		in.g.state.clear(name)
		return
	}
	slices.Sort(places)
	in.g.state.raise(name, fmt.Sprintf(text, strings.Join(places, ", ")))
}

func (p place) String() string { return fmt.Sprintf("%s place %d", p.memory, p.index) }

// full raises an alarm if four fifths of a memory are taken by what stays there.
func (in *inbox) full(memory string, kept, total int) {
	name := alarmStorage + "-" + strings.ToLower(memory)
	if total <= 0 || kept*5 < total*4 {
		in.g.state.clear(name)
		return
	}
	in.g.state.raise(name, fmt.Sprintf(
		"the modem's memory %s is nearly full of texts that cannot be taken from it (%d of %d places): what phones send does not arrive then; drafts and sent texts can be deleted with postel modem at",
		memory, kept, total))
}
