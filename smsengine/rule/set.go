package rule

import (
	"io/fs"
	"sync"
)

// Set is a file of rules, compiled. It does not change.
type Set struct {
	direction Direction
	file      string
	rules     []*Rule
	files     []source
	index     index
	changes   Fields // what any of the rules may change

	gateways   []string
	domains    []string
	readNumber func(string) (string, error)
	runs       sync.Pool
}

// Rule is one rule, as a list shows it.
type Rule struct {
	Title  string
	Line   int
	Active bool
	// When is the condition, in words.
	When string
	// Notes are what an administrator should know of the rule, such as that its pattern
	// runs on the backtracking engine.
	Notes []string

	when    condition
	actions []action
	verdict Verdict
	reason  template
	stop    bool
	changes Fields
}

// Rules are all rules, in order, those that are not active included.
func (s *Set) Rules() []Rule {
	all := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		all[i] = *r
	}
	return all
}

// Files are the names of the files that the set was made of: its own first, then
// the lists that rules name. When one of them changes, load it again.
func (s *Set) Files() []string {
	all := make([]string, len(s.files))
	for i, f := range s.files {
		all[i] = f.name
	}
	return all
}

// Stale reports whether one of the files has changed since, by its time and size.
func (s *Set) Stale(folder fs.FS) bool {
	for _, f := range s.files {
		if now, err := look(folder, f.name); err != nil || now != f {
			return true
		}
	}
	return false
}

// source is a file as it was when it was read.
type source struct {
	name     string
	modified int64 // ns
	size     int64
}

func look(folder fs.FS, name string) (source, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return source{}, err
	}
	return source{name, info.ModTime().UnixNano(), info.Size()}, nil
}

// Direction says of which messages the rules are asked.
func (s *Set) Direction() Direction { return s.direction }

// Decide says what the rules make of a message.
func (s *Set) Decide(f Facts) Decision {
	r := s.start(f)
	defer s.runs.Put(r)
	var c cursor
	s.index.seek(&c, r, -1)
	for i := c.next(-1); i >= 0; i = c.next(i) {
		r.moved = false
		if !r.step(s.rules[i], (*run).ask) {
			break
		}
		if r.moved {
			s.index.seek(&c, r, i)
		}
	}
	return r.end()
}

// Explain decides as Decide does, and tells of every rule and each condition.
func (s *Set) Explain(f Facts) Decision {
	r := s.start(f)
	defer s.runs.Put(r)
	goOn := true
	for _, rule := range s.rules {
		if !goOn || !rule.Active {
			r.decision.Trace = append(r.decision.Trace, Step{Rule: rule.Title, Line: rule.Line, Off: true})
			continue
		}
		goOn = r.step(rule, (*run).find)
	}
	return r.end()
}

func (s *Set) start(f Facts) *run {
	r, _ := s.runs.Get().(*run)
	if r == nil {
		r = new(run)
	}
	r.begin(s, f)
	return r
}

// end gives the decision. A preview has no effects, and of verdicts only the
// certain refusal.
func (r *run) end() Decision {
	d := r.decision
	if r.preview {
		d.Maybe = r.unknown
	}
	if r.preview && !r.facts.Past {
		d.Effects = nil
		if d.Verdict != Reject {
			d.Verdict, d.Reason, d.Rule = GoOn, "", ""
		}
	}
	*r = run{}
	return d
}
