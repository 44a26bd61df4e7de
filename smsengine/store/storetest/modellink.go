package storetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

// pair is what a link of the run's phone is known by.
type pair struct{ ours, sender smsengine.Address }

// tie is a link, and when it was made or renewed.
type tie struct {
	smsengine.Link
	made time.Time
}

func (x tie) live(now time.Time) bool { return x.Expires.After(now) }

// tie makes or renews a link. Its code stays while it lives; a new one is the
// smallest that no other live link of the numbers has.
func (m *model) tie(l smsengine.Link, at time.Time) {
	was := m.ties[pair{l.Ours, l.Sender}]
	if l.Name == "" {
		l.Name = was.Name
	}
	taken := map[int]bool{}
	for p, other := range m.ties {
		if p.ours == l.Ours && p.sender != l.Sender && other.live(at) {
			taken[other.Code] = true
		}
	}
	for l.Code = 1; taken[l.Code]; l.Code++ {
	}
	if was.live(at) {
		l.Code = was.Code
	}
	m.ties[pair{l.Ours, l.Sender}] = tie{l, at}
}

// compareLinks asks for the links of each number, and of all together.
func (m *model) compareLinks(t *rapid.T) {
	for _, ours := range append(m.numbers(), smsengine.Address{}) {
		got, err := m.bed.store.Links(m.bed.ctx(), ours, phone, m.now)
		if err != nil {
			t.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(l smsengine.Link) bool { return !slices.Contains(m.numbers(), l.Ours) }) // of other runs
		var want []tie
		for p, l := range m.ties {
			if l.live(m.now) && (ours.IsZero() || p.ours == ours) {
				want = append(want, l)
			}
		}
		slices.SortFunc(want, func(x, y tie) int { return y.made.Compare(x.made) })
		if len(got) != len(want) {
			t.Fatalf("of %v: links %+v, want %+v", ours, got, want)
		}
		codes := map[string]bool{}
		for i, l := range got {
			if diff := differences(l, want[i].Link); diff != "" {
				t.Fatalf("link %d of %v: %s", i, ours, diff)
			}
			codes[fmt.Sprint(l.Ours, l.Code)] = true
		}
		if len(codes) != len(got) {
			t.Fatalf("two links of the same numbers have one code: %+v", got)
		}
	}
}

// compareAnswers looks at what phones said that is no message.
func (m *model) compareAnswers(t *rapid.T) {
	got, err := m.bed.store.Suppressed(m.bed.ctx(), m.phone())
	if want := slices.SortedFunc(maps.Keys(m.stopped), addresses); err != nil || !slices.Equal(slices.SortedFunc(slices.Values(got), addresses), want) {
		t.Fatalf("the phone said STOP to %v, want %v (%v)", got, want, err)
	}
	all, err := m.bed.store.Suppressions(m.bed.ctx())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Theirs == m.phone() && !s.Since.Equal(m.stopped[s.Ours]) {
			t.Fatalf("%+v, want since %v", s, m.stopped[s.Ours])
		}
	}
	c, err := m.bed.store.Conflict(m.bed.ctx(), m.numbers()[0], m.phone())
	if diff := differences(c, m.conflict); err != nil || diff != "" {
		t.Fatalf("conflict: %s (%v)", diff, err)
	}
}

func addresses(a, b smsengine.Address) int { return slices.Compare([]byte(a.Value), []byte(b.Value)) }
