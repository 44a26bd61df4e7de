package rule

import (
	"fmt"
	"slices"
	"time"
)

// rota is several targets who take turns: each has the duty for a time, one after
// the other, from a moment on. Times are those of the clock on the wall: whoever
// hands over at eight does so in summer and in winter.
type rota struct {
	turns []target
	every time.Duration
	since time.Time // the beginning of a turn of the first, the clock on the wall as if it were UTC
}

// Bounds of a turn.
const (
	minTurn = time.Hour
	maxTurn = 366 * 24 * time.Hour
)

// at is whose turn it is.
func (o *rota) at(t time.Time) target {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	gone := time.Date(year, month, day, hour, minute, second, 0, time.UTC).Sub(o.since)
	turn := int64(gone / o.every)
	if gone < 0 && gone%o.every != 0 {
		turn--
	}
	n := int64(len(o.turns))
	return o.turns[(turn%n+n)%n]
}

func (o *rota) String() string {
	names := make([]string, len(o.turns))
	for i, t := range o.turns {
		names[i] = t.String()
	}
	return "whose turn it is of " + joined(names, "and")
}

// rota reads { turns = [...], every = "1w", since = "2026-11-23 08:00" }.
func (r *reader) rota(n *node, how string) (t target, ok bool) {
	const remedy = `write { turns = ["john@example.org", "mary@example.org"], every = "1w", since = "2026-11-23 08:00" }`
	for _, key := range n.keys {
		if !slices.Contains([]string{"turns", "every", "since"}, key) {
			r.refuse(n.fields[key], suggest(key, []string{"turns", "every", "since"}), "%s has no %q", how, key)
			return t, false
		}
	}
	turns, every, since := n.fields["turns"], n.fields["every"], n.fields["since"]
	if turns == nil || every == nil || since == nil || since.kind != isText {
		r.refuse(n, remedy, "%s: who takes turns, for how long each, and since when?", how)
		return t, false
	}
	o := rota{every: r.span(every, "every", minTurn, maxTurn)}
	var err error
	if o.since, err = time.Parse("2006-01-02 15:04", since.text); err != nil {
		if o.since, err = time.Parse(time.DateOnly, since.text); err != nil {
			r.refuse(since, remedy, "since: want a day and a time in quotes")
		}
	}
	for _, item := range turns.list() {
		if one, ok := r.target(item, how); ok {
			o.turns = append(o.turns, one)
		}
	}
	if len(o.turns) == 0 {
		r.refuse(turns, remedy, "there is nobody to take turns")
		return t, false
	}
	return target{rota: &o}, err == nil
}

// span reads a time between bounds: "10m", "8h", "1d", "2w".
func (r *reader) span(n *node, key string, low, high time.Duration) time.Duration {
	var count int
	var unit string
	if _, err := fmt.Sscanf(n.text, "%d%s", &count, &unit); n.kind == isText && err == nil && count > 0 && count < 1e6 {
		size := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[unit]
		if d := time.Duration(count) * size; d >= low && d <= high {
			return d
		}
	}
	r.refuse(n, "", `%s: want a time in quotes from %q to %q, such as "30m", "8h", "1d" or "1w"`, key, Duration(low), Duration(high))
	return low
}
