package rule

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// amounts reads a comparison of what is counted: a value, several of which one
// must be it, the bounds between which it is, or one bound.
func (r *reader) amounts(n *node, f Field, name, op string) condition {
	a := &amounts{field: f}
	var read []int64
	var said []string
	for _, item := range n.list() {
		v, err := amountOf(item, fields[f].form)
		if err != nil {
			r.refuse(item, "", "%s: %v", name, err)
			return nil
		}
		read, said = append(read, v), append(said, strings.TrimSpace(item.text))
	}
	a.said = fmt.Sprintf("%s %s %s", name, op, strings.Join(said, " or "))
	switch {
	case op == opIs && len(read) > 0 && fields[f].form == clock:
		r.refuse(n, `write hour.between = ["08:00", "18:00"]`, "a time of day lasts no longer than a minute")
		return nil
	case op == opIs && len(read) > 0:
		for _, v := range read {
			a.within = append(a.within, bounds{v, v})
		}
	case op == opBetween && len(read) == 2:
		a.said = fmt.Sprintf("%s between %s and %s", name, said[0], said[1])
		b := bounds{read[0], read[1]}
		switch fields[f].form {
		case clock:
			b.high = (b.high + 24*60 - 1) % (24 * 60) // until 18:00 is not at 18:00
		case count, octets:
			if b.low > b.high {
				r.refuse(n, "write the lower one first", "%s: nothing is between these", name)
			}
		}
		a.within = []bounds{b}
	case op == opOver && n.kind != isList:
		a.within = []bounds{{read[0] + 1, math.MaxInt64}}
	case op == opUnder && n.kind != isList:
		a.within = []bounds{{math.MinInt64, read[0] - 1}}
	default:
		r.refuse(n, fmt.Sprintf("write %s.between = [FIRST, LAST]", name), "%s: that is not the right number of values", name)
		return nil
	}
	a.clause = phraseAmount(f, r.set.direction, op, said)
	return a
}

// amountOf reads one value.
func amountOf(n *node, f form) (int64, error) {
	switch f {
	case clock:
		t, err := time.Parse("15:04", n.text)
		if err != nil || n.kind != isText {
			return 0, errors.New(`want a time of day in quotes, "18:00"`)
		}
		return int64(t.Hour()*60 + t.Minute()), nil
	case day:
		for d := time.Sunday; d <= time.Saturday; d++ {
			if n.kind == isText && (strings.EqualFold(n.text, d.String()) || strings.EqualFold(n.text, weekday(d))) {
				return int64(d), nil
			}
		}
		return 0, errors.New(`want a day in quotes, "mon", "tue", "wed", "thu", "fri", "sat" or "sun"`)
	case octets:
		if n.kind == isText {
			return size(n.text)
		}
	}
	if n.kind != isNumber || n.number != math.Trunc(n.number) || n.number < 0 || n.number > 1<<50 {
		return 0, errors.New("want a whole number, without quotes")
	}
	return int64(n.number), nil
}

// size reads "10MB", "512kB" or "4000".
func size(s string) (int64, error) {
	upper := strings.ToUpper(strings.TrimSpace(s))
	for _, u := range []struct {
		name string
		bits int
	}{{"GB", 30}, {"MB", 20}, {"KB", 10}, {"B", 0}, {"", 0}} {
		if number, ok := strings.CutSuffix(upper, u.name); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32); err == nil && n >= 0 {
				return n << u.bits, nil
			}
			break
		}
	}
	return 0, errors.New(`want a size in quotes, such as "10MB" or "512kB"`)
}
