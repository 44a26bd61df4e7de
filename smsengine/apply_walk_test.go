package smsengine

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWalk goes every way that a text of two parts, and a mail, can take in two
// attempts, checks every step, and compares what it saw with docs/states.md.
func TestWalk(t *testing.T) {
	watched := newText(2)
	watched.Watch = []Watch{{"shop", AllOccasions}}
	seen := walk(t, watched, newMail())
	doc, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	compareEvents(t, tableAfter(t, string(doc), "## What moves it"), seen)
	compareCauses(t, tableAfter(t, string(doc), "## What a change causes"), seen)
}

// move is one cell of the table: an event in a state.
type move struct {
	from State
	kind EventKind
}

type sights struct {
	moves  map[move]map[State]bool   // the states that it may lead to
	causes map[State]map[string]bool // effects that a step into the state had
}

func walk(t *testing.T, starts ...Message) sights {
	s := sights{map[move]map[State]bool{}, map[State]map[string]bool{}}
	known := map[string]bool{}
	for todo := starts; len(todo) > 0; {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, e := range everyEvent(m) {
			next, effects := step(t, m, e)
			if next == nil {
				continue
			}
			cell := move{m.State, e.Kind}
			if s.moves[cell] == nil {
				s.moves[cell] = map[State]bool{}
			}
			s.moves[cell][next.State] = true
			if s.causes[next.State] == nil {
				s.causes[next.State] = map[string]bool{}
			}
			for _, c := range effects {
				s.causes[next.State][strings.TrimPrefix(summary([]Effect{c}), "report ")] = true
			}
			if key := place(*next); next.Attempt <= 2 && next.Repeats <= 1 && !known[key] {
				known[key] = true
				todo = append(todo, *next)
			}
		}
	}
	t.Logf("%d different messages", len(known))
	return s
}

// place is what makes a difference to where it may go.
func place(m Message) string {
	parts := ""
	for _, p := range m.Parts {
		parts += fmt.Sprintf(" %q %t", p.State, p.Reference != "" && p.Reference == m.Parts[0].Reference)
	}
	return fmt.Sprint(m.Kind, m.State, m.Gateway, m.Attempt, m.Repeats, m.Awaits, m.Cancel, m.Warn.IsZero(), m.Status.Text == "", parts)
}

// everyEvent is every event that could be told of a message of two parts, with
// every field that makes a difference to its kind.
func everyEvent(m Message) []Event {
	var es []Event
	for _, kind := range eventKinds {
		e := Event{Kind: kind, Gateway: m.Route[0].Gateways[0], Node: "host/1", Until: lease, Attempt: m.Attempt, Tell: administrator}
		last := 1
		switch kind {
		case Claimed:
			if m.Gateway != "" {
				es = append(es, Event{Kind: kind, Gateway: "b", Node: "host/1", Until: lease})
			}
		case Taken, PartTaken, InDoubt:
			for _, tk := range []Taking{{}, {Receipts: true}, {Receipts: true, Whole: true}, {Whole: true, Delivered: true}, {Delivered: true}} {
				for p := -1; p <= last+1; p++ {
					tk.Reference, tk.Ours = fmt.Sprint("r", p), ours
					e.Part, e.Taken = p, tk
					es = append(es, e)
				}
			}
		case Receipt:
			for _, e.Final = range []PartState{"", PartDelivered, PartFailed, PartSent} {
				for p := -1; p <= last+1; p++ {
					e.Part = p
					es = append(es, e)
				}
			}
		case Refused:
			e.Part = 1
			es = append(es, e)
		}
		stale := e
		stale.Attempt--
		e.Part, e.Taken, e.Final = 0, Taking{}, ""
		bare := e
		bare.Until, bare.Node, bare.Status = time.Time{}, "", Status{Class: Permanent, Code: "5.0.0", Text: "because"}
		es = append(es, e, bare, stale)
	}
	return es
}

// samePart compares the fields of a part that Apply may change.
func samePart(a, b Part) bool {
	return a.State == b.State && a.Reference == b.Reference && a.Status == b.Status && a.Text == b.Text
}

// step applies one event and checks what must hold of every step. It returns
// nil if the event was refused.
func step(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, m Message, e Event,
) (*Message, []Effect) {
	t.Helper()
	before := slices.Clone(m.Parts)
	next, effects, err := m.Apply(e, now(e.Kind))
	if !slices.EqualFunc(m.Parts, before, samePart) { // all else was passed by value
		t.Fatalf("%+v changed its argument\nfrom %+v\nto   %+v", e, before, m.Parts)
	}
	if err != nil {
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrTransition) {
			t.Fatalf("%+v: an error of its own: %v", e, err)
		}
		if place(next) != place(m) || !slices.EqualFunc(next.Parts, before, samePart) || len(effects) > 0 {
			t.Fatalf("%+v was refused and changed\n%+v\nto %+v\nwith %q", e, m, next, summary(effects))
		}
		return nil, nil
	}
	if wrong := check(m, e, next, effects); wrong != "" {
		t.Fatalf("%s\nevent %+v\nfrom %+v\nto   %+v\nwith %q", wrong, e, m, next, summary(effects))
	}
	return &next, effects
}

// check says what is wrong with a step.
func check(m Message, e Event, next Message, effects []Effect) string {
	fixed, parts := next, next.Parts
	fixed.State, fixed.Gateway, fixed.Attempt, fixed.Repeats, fixed.Next, fixed.Lease = m.State, m.Gateway, m.Attempt, m.Repeats, m.Next, m.Lease
	fixed.Awaits, fixed.Cancel, fixed.Warn, fixed.Parts, fixed.Status = m.Awaits, m.Cancel, m.Warn, m.Parts, m.Status
	same := next
	same.Parts = m.Parts
	cameBack := e.Kind == Bounced
	unsure := slices.ContainsFunc(parts, func(p Part) bool { return p.State == PartUnsure })
	switch {
	case !reflect.DeepEqual(fixed, m):
		return "what a message says, to whom and who pays is fixed"
	case m.State.Final() && cameBack:
		if m.State != Delivered || next.State != Failed || m.Kind == Text {
			return "what comes back is a mail that was delivered"
		}
	case m.State.Final() && (!reflect.DeepEqual(same, m) || len(effects) > 0):
		return "a final state is for good: only parts may change"
	case next.State == Sending != (next.Lease != Lease{}):
		return "a lease belongs to sending"
	case next.State == Sending && (next.Lease.Node == "" || next.Lease.Until.IsZero()):
		return "a lease has a node and an end"
	case next.Cancel && next.State != Sending:
		return "a cancel waits only while sending"
	case next.Awaits && next.State != Sent && next.State != Unsure:
		return "receipts are awaited only of what left"
	case (next.State == Unsure) != (unsure && !next.State.Final()):
		return "a message is unsure if and only if a part is"
	case (next.State == Ready || next.State == Held || next.State == Sending) && next.Unsent() == len(parts):
		return "what is to be sent has a part to send"
	case (next.State == Sent || next.State == Delivered) && next.Unsent() < len(parts):
		return "what was sent has no part left to send"
	case next.State == Ready && next.Gateway != "" && next.Repeats == 0 && next.Left() == 0:
		return "a message of which nothing left is free to go elsewhere"
	case m.Left() > 0 && next.Left() > 0 && next.Gateway != m.Gateway:
		return "parts of one message go over one gateway"
	case e.Kind == Claimed && next.Attempt != m.Attempt+1, e.Kind != Claimed && next.Attempt != m.Attempt:
		return "an attempt begins with a claim, and its number is never used again"
	}
	calls := 0
	for _, f := range effects {
		if n, ok := f.(NewMessage); ok && n.Message.Kind == Call {
			calls++
		}
	}
	if told := m.State != next.State && occasionOf(next.State) != 0; len(m.Watch) > 0 && (calls == 1) != told || calls > 1 {
		return "a webhook hears of each state that it wants to hear of, once"
	}
	for i, p := range parts {
		if was := m.Parts[i].State; !mayBecome(was, p.State, e, next.Repeats > m.Repeats) {
			return "part " + strconv.Itoa(i) + " became " + string(p.State) + " from " + string(was)
		}
		if p.Text != m.Parts[i].Text {
			return "the words of a part are fixed"
		}
	}
	return ""
}

// mayBecome says how a part may change: once it left it is never to be sent
// again, unless the answer to the attempt says that it did not leave, or
// somebody wants it repeated.
func mayBecome(was, is PartState, e Event, repeated bool) bool {
	switch {
	case was == is:
		return true
	case is == PartWaiting:
		answer := e.Kind == Deferred || e.Kind == Released || e.Kind == Refused || e.Kind == PartTaken
		return was == PartUnsure && (repeated || answer)
	case was == PartDelivered:
		return false
	case was == PartWaiting:
		return is != PartFailed || e.Kind == Refused
	case was == PartSent, was == PartFailed:
		return e.Kind == Receipt && is != PartUnsure && is != PartSent
	}
	return true // from unsure
}

// eventKinds are the constants of state.go, so that none can be forgotten.
var eventKinds = readEventKinds()

func readEventKinds() []EventKind {
	f, err := parser.ParseFile(token.NewFileSet(), "state.go", nil, 0)
	if err != nil {
		panic(err)
	}
	var kinds []EventKind
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := s.Type.(*ast.Ident); ok && typ.Name == "EventKind" {
				name, _ := strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
				kinds = append(kinds, EventKind(name))
			}
		}
		return true
	})
	return kinds
}

// tableAfter gives the cells of the first Markdown table behind a heading,
// without marks of code.
func tableAfter(t *testing.T, doc, heading string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(doc, heading)
	if !found {
		t.Fatalf("docs/states.md has no %q", heading)
	}
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("no table under %q", heading)
	}
	return append(rows[:1], rows[2:]...) // without the line under the head
}

func compareEvents(t *testing.T, table [][]string, seen sights) {
	t.Helper()
	columns := make([]State, 0, len(States()))
	for _, c := range table[0][1:] {
		columns = append(columns, State(c))
	}
	if !slices.Equal(columns, States()) {
		t.Errorf("docs/states.md has the states %v\nthe code has       %v", columns, States())
	}
	var rows []EventKind
	for _, row := range table[1:] {
		kind := EventKind(row[0])
		rows = append(rows, kind)
		for i, cell := range row[1:] {
			if got := names(seen.moves[move{columns[i], kind}], States()); cell != got {
				t.Errorf("%s in %s: docs/states.md says %q, Apply does %q", kind, columns[i], cell, got)
			}
		}
	}
	if want := eventKinds; !slices.Equal(rows, want) {
		t.Errorf("docs/states.md has the events %v\nthe code has       %v", rows, want)
	}
}

// names writes a cell: the states in their order, "–" for none.
func names(set map[State]bool, order []State) string {
	var words []string
	for _, s := range order {
		if set[s] {
			words = append(words, string(s))
		}
	}
	if len(words) == 0 {
		return "–"
	}
	return strings.Join(words, ", ")
}

func compareCauses(t *testing.T, table [][]string, seen sights) {
	t.Helper()
	described := map[State]bool{}
	for _, row := range table[1:] {
		s := State(row[0])
		described[s] = true
		got := "–"
		if len(seen.causes[s]) > 0 {
			got = strings.Join(slices.Sorted(maps.Keys(seen.causes[s])), ", ")
		}
		if got = strings.ReplaceAll(got, "refund 2", "refund"); row[1] != got {
			t.Errorf("into %s: docs/states.md says %q, Apply does %q", s, row[1], got)
		}
	}
	for _, s := range States() {
		if !described[s] {
			t.Errorf("docs/states.md does not say what a change to %s causes", s)
		}
	}
}
