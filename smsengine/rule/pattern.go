package rule

import (
	"errors"
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// Bounds of the backtracking engine: for one match, for all of one decision, and
// the longest text that it is given, in octets. Its clock ticks each tick.
const (
	matchTime    = 50 * time.Millisecond
	decisionTime = 200 * time.Millisecond
	maxBacktrack = 64 << 10
	tick         = 10 * time.Millisecond
)

// maxPattern bounds a pattern, in octets.
const maxPattern = 4096

func init() { regexp2.SetTimeoutCheckPeriod(tick) }

var (
	errTime = errors.New("the pattern takes too long for this text")
	errLong = errors.New("the text is too long for a pattern that RE2 does not know")
)

// pattern is a regular expression on RE2, or on a backtracking engine if RE2
// does not know what it asks for: look-ahead, look-behind, back references.
type pattern struct {
	source string
	re     *regexp.Regexp
	back   *regexp2.Regexp // nil: re
	groups map[string]int  // by number and by name
}

func newPattern(source string) (*pattern, error) {
	if len(source) > maxPattern {
		return nil, errors.New("the pattern is too long")
	}
	p := &pattern{source: source, groups: map[string]int{}}
	var err error
	if p.re, err = regexp.Compile(source); err == nil {
		for i, name := range p.re.SubexpNames() {
			if name != "" {
				p.groups[name] = i
			}
		}
		return p, nil
	}
	back, backErr := regexp2.Compile(source, regexp2.RE2)
	if backErr != nil {
		return nil, err
	}
	back.MatchTimeout = matchTime
	p.back, p.re = back, nil
	for _, n := range back.GetGroupNumbers() {
		p.groups[back.GroupNameFromNumber(n)] = n
	}
	return p, nil
}

// group reports whether the pattern has a group of that number.
func (p *pattern) group(n int) bool {
	if p.back == nil {
		return n <= p.re.NumSubexp()
	}
	for _, g := range p.back.GetGroupNumbers() {
		if g == n {
			return true
		}
	}
	return false
}

// purse is the time that the backtracking engine has left in one decision.
type purse struct{ spent time.Duration }

// spend runs a match of a text on the backtracking engine.
func (b *purse) spend(s string, match func() error) error {
	if len(s) > maxBacktrack {
		return errLong
	}
	if b.spent >= decisionTime {
		return errTime
	}
	begin := time.Now()
	err := match()
	b.spent += time.Since(begin)
	if err != nil {
		return errTime // the only error that there is
	}
	return nil
}

// match reports whether the pattern is found in s.
func (p *pattern) match(b *purse, s string) (found bool, err error) {
	if p.back == nil {
		return p.re.MatchString(s), nil
	}
	err = b.spend(s, func() (err error) {
		found, err = p.back.MatchString(s)
		return err
	})
	return found, err
}

// replace puts, for every place where the pattern is found, what with makes of the
// groups there.
func (p *pattern) replace(b *purse, s string, with func(group func(n int) string) string) (result string, found bool, err error) {
	if p.back == nil {
		out, last := []byte(nil), 0
		for _, at := range p.re.FindAllStringSubmatchIndex(s, -1) {
			out = append(out, s[last:at[0]]...)
			out = append(out, with(func(n int) string {
				if 2*n+1 >= len(at) || at[2*n] < 0 {
					return ""
				}
				return s[at[2*n]:at[2*n+1]]
			})...)
			last, found = at[1], true
		}
		return string(append(out, s[last:]...)), found, nil
	}
	return p.replaceBack(b, s, with)
}

// replaceBack is replace on the backtracking engine, whose places count runes. As
// RE2 does, it passes over an empty match right behind another one.
func (p *pattern) replaceBack(b *purse, s string, with func(group func(n int) string) string) (string, bool, error) {
	in, out, last, found := []rune(s), []rune(nil), 0, false
	var m *regexp2.Match
	next := func() (err error) {
		if m == nil {
			m, err = p.back.FindRunesMatch(in)
		} else {
			m, err = p.back.FindNextMatch(m)
		}
		return err
	}
	for {
		if err := b.spend(s, next); err != nil {
			return "", false, err
		}
		if m == nil {
			return string(append(out, in[last:]...)), found, nil
		}
		if found && m.Length == 0 && m.Index == last {
			continue
		}
		out = append(out, in[last:m.Index]...)
		out = append(out, []rune(with(func(n int) string {
			if g := m.GroupByNumber(n); g != nil {
				return g.String()
			}
			return ""
		}))...)
		last, found = m.Index+m.Length, true
	}
}
