package modem

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// stores are the memories that texts can be in. Others hold broadcasts, or are
// two of these together.
var stores = []string{"SM", "ME"}

// reportStore is the memory for status reports.
const reportStore = "SR"

// chooseMemories has the modem keep what comes in one memory, and lists those
// that texts may be in.
func (g *Gateway) chooseMemories(ctx context.Context, l *line) error {
	listed, now, err := l.memoriesOf(ctx)
	if err != nil {
		return err
	}
	l.memories = nil
	for _, name := range wantedStores(g.config.Memory, listed, now) {
		ok, err := l.useMemory(ctx, name, max(len(listed), len(now)))
		if err != nil {
			return err
		}
		if ok {
			l.memories = []string{name}
			break
		}
	}
	switch {
	case g.config.Memory != "" && !slices.Equal(l.memories, []string{g.config.Memory}):
		g.log.Warn("modem does not have the configured memory", "memory", g.config.Memory, "instead", l.memories)
	case len(l.memories) == 0:
		g.log.Warn("modem cannot store texts: they are taken from it as they come")
		return nil
	}
	if len(listed) > 0 {
		for _, name := range append(slices.Clone(stores), reportStore) {
			if slices.Contains(listed[0], name) && !slices.Contains(l.memories, name) {
				l.memories = append(l.memories, name)
			}
		}
	}
	return nil
}

// memoriesOf asks which memories there are, and which are in use.
func (l *line) memoriesOf(ctx context.Context) (listed [][]string, now []at.Memory, err error) {
	a, ok, err := l.ask(ctx, "AT+CPMS=?")
	if err != nil {
		return nil, nil, err
	}
	if ok {
		listed, _ = at.ParseMemoryNames(a) // a modem without memories lists none
	}
	a, ok, err = l.ask(ctx, "AT+CPMS?")
	if err != nil {
		return nil, nil, err
	}
	if ok {
		now, _ = at.ParseMemories(a)
	}
	return listed, now, nil
}

// wantedStores are the memories to try, best first: the configured one, else the
// modem's own choice for reading, else any.
func wantedStores(configured string, listed [][]string, now []at.Memory) []string {
	var wanted []string
	add := func(name string) {
		if name != "" && !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	add(configured)
	if len(now) > 0 && slices.Contains(stores, now[0].Name) {
		add(now[0].Name)
	}
	for _, name := range stores {
		if len(listed) == 0 || slices.Contains(listed[0], name) { // without a list they are tried
			add(name)
		}
	}
	for _, m := range now {
		add(m.Name)
	}
	return wanted
}

// useMemory sets a memory for everything that the modem has one for, which it
// does not always tell.
func (l *line) useMemory(ctx context.Context, name string, most int) (ok bool, err error) {
	if most <= 0 {
		most = 3
	}
	for n := min(most, 3); n > 0 && !ok && err == nil; n-- {
		all := slices.Repeat([]string{fmt.Sprintf("%q", name)}, n)
		_, ok, err = l.ask(ctx, "AT+CPMS="+strings.Join(all, ","))
	}
	return ok, err
}

// chooseIndications has the modem tell of texts and reports. Without that they
// are found when its memory is looked through.
func (g *Gateway) chooseIndications(ctx context.Context, l *line) error {
	var wanted []string
	if own := g.config.Indications; own != "" {
		wanted = append(wanted, own)
	}
	a, ok, err := l.ask(ctx, "AT+CNMI=?")
	if err != nil {
		return err
	}
	if ranges, bad := at.ParseRanges(a, "+CNMI"); ok && bad == nil {
		for _, values := range at.Indications(ranges) {
			wanted = append(wanted, l.indications(values, ranges))
		}
	}
	wanted = append(wanted, "2,1,0,1,0", "2,1,0,0,0", "1,1,0,1,0", "1,1,0,0,0")
	for _, one := range slices.Compact(wanted) {
		if _, ok, err = l.ask(ctx, "AT+CNMI="+one); err != nil || ok {
			set := append(strings.Split(one, ","), "0", "0", "0")
			l.tells = set[1] != "0" || set[3] != "0"
			return err
		}
		if one == g.config.Indications {
			g.log.Warn("modem refuses the configured indications", "indications", one)
		}
	}
	g.log.Warn("modem does not tell of texts: they are found when its memory is looked through", "every", g.config.Poll)
	return nil
}

// indications words a choice. A modem that cannot store must give texts at once.
func (l *line) indications(values []int, ranges [][]int) string {
	values = slices.Clone(values)
	if len(l.memories) == 0 && len(values) > 1 && slices.Contains(ranges[1], 2) {
		values[1] = 2
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ",")
}
