package smsengine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseRoute(t *testing.T) {
	for _, x := range []struct {
		text   string
		groups int
		wrong  bool
	}{
		{text: "", groups: 0},
		{text: "sim", groups: 1},
		{text: "sim spare", groups: 1}, // as written before there were ranks
		{text: "a b |30s c | d", groups: 3},
		{text: "| a", wrong: true},
		{text: "a |", wrong: true},
		{text: "a | | b", wrong: true},
		{text: "a |soon b", wrong: true},
		{text: "a |-1s b", wrong: true},
	} {
		r, err := ParseRoute(x.text)
		if (err != nil) != x.wrong || len(r) != x.groups {
			t.Errorf("%q: %d groups, %v", x.text, len(r), err)
		}
		if err == nil && r.String() != x.text {
			t.Errorf("%q is written as %q", x.text, r)
		}
	}
	r, _ := ParseRoute("a b |30s c | d")
	if r[0].Patience != 30*time.Second || r[1].Patience != 0 || !r.Has("c") || r.Has("e") || !slices.Equal(r.Gateways(), []string{"a", "b", "c", "d"}) {
		t.Errorf("read as %+v", r)
	}
	if kept := r.Keep(func(g string) bool { return g == "b" || g == "d" }); kept.String() != "b |30s d" {
		t.Errorf("b and d kept: %s", kept)
	}
	if kept := r.Keep(func(g string) bool { return g != "c" }); kept.String() != "a b |30s d" {
		t.Errorf("all but c kept: %s", kept)
	}
}

// anyRoute is drawn from a few gateways, each once.
func anyRoute(t *rapid.T) Route {
	var r Route
	for i, g := range rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(t, "gateways")[:rapid.IntRange(1, 4).Draw(t, "of them")] {
		if i == 0 || rapid.Bool().Draw(t, "next group") {
			if i > 0 {
				r[len(r)-1].Patience = time.Duration(rapid.IntRange(0, 3).Draw(t, "patience")) * 10 * time.Second
			}
			r = append(r, Group{})
		}
		r[len(r)-1].Gateways = append(r[len(r)-1].Gateways, g)
	}
	return r
}

func TestRouteIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRoute(t)
		got, err := ParseRoute(r.String())
		if err != nil || got.String() != r.String() || len(got) != len(r) {
			t.Fatalf("%v became %v, %v", r, got, err)
		}
	})
}

func FuzzParseRoute(f *testing.F) {
	for _, s := range []string{"", "a b |30s c | d", "| a", "a |1h2m3.5s b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRoute(text)
		if err != nil {
			return
		}
		again, err := ParseRoute(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q → %q → %q, %v", text, r, again, err)
		}
	})
}

// Whatever can send and has room: a gateway of a group is chosen only if those
// before cannot send or were waited for, Reach agrees with Choose, and somebody
// who can send is found in the end.
func TestChooseObeysRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRoute(t)
		now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		m := Message{Route: r, Next: now.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "due for")) * time.Second)}
		c := Claim{Now: now, Room: map[string]int{}, Able: map[string]bool{}, Shares: map[string]Share{}}
		for _, g := range []string{"a", "b", "c", "d"} {
			c.Able[g] = rapid.Bool().Draw(t, g+" can send")
			if c.Able[g] || rapid.IntRange(0, 3).Draw(t, g+" tries") == 0 {
				c.Room[g] = rapid.IntRange(0, 2).Draw(t, g+" has room")
			}
			c.Shares[g] = Share{Weight: rapid.IntRange(0, 3).Draw(t, g+" weighs"), UnderWay: rapid.IntRange(0, 9).Draw(t, g+" does")}
		}
		p := c.Places()
		got := p.Choose(m)
		room, wait := p.Reach(r)
		if may := room > 0 && now.Sub(m.Next) >= wait; may != (got != "") {
			t.Fatalf("%s, due for %v: Reach says room %d after %v, Choose %q", r, now.Sub(m.Next), room, wait, got)
		}
		if got == "" {
			for _, g := range r { // nobody is idle who need not leave it to a better one
				if slices.ContainsFunc(g.Gateways, func(id string) bool { return c.Room[id] > 0 }) {
					t.Fatalf("%s could begin it, and nobody did", strings.Join(g.Gateways, " "))
				}
				if slices.ContainsFunc(g.Gateways, func(id string) bool { return c.Able[id] }) {
					break
				}
			}
			return
		}
		patience := time.Duration(0)
		for _, g := range r {
			if slices.Contains(g.Gateways, got) {
				break
			}
			for _, id := range g.Gateways {
				if c.Room[id] > 0 {
					t.Fatalf("%s: %s was chosen before %s", r, got, id)
				}
			}
			if slices.ContainsFunc(g.Gateways, func(id string) bool { return c.Able[id] }) {
				patience += g.Patience
				if g.Patience == 0 {
					t.Fatalf("%s: %s was chosen, and %v can send", r, got, g.Gateways)
				}
			}
		}
		if now.Sub(m.Next) < patience {
			t.Fatalf("%s: %s was chosen after %v", r, got, now.Sub(m.Next))
		}
		for _, id := range r.group(got).Gateways {
			if c.Room[id] > 0 && c.Shares[id].load() < c.Shares[got].load() {
				t.Fatalf("%s has less to do than %s", id, got)
			}
		}
	})
}

// A message that is bound goes nowhere else, whatever can send.
func TestChooseStaysWithBoundGateway(t *testing.T) {
	p := Claim{Room: map[string]int{"b": 3}, Able: map[string]bool{"a": true, "b": true}}.Places()
	m := Message{Route: Over("a", "b"), Gateway: "a"}
	if got := p.Choose(m); got != "" {
		t.Errorf("a message of a went to %q", got)
	}
}

// Who was away has not saved up turns.
func TestTurnsAreNotSavedUp(t *testing.T) {
	shares := map[string]Share{"a": {Turn: 1000}, "b": {}}
	r := Over("a", "b")
	n := 0
	for range 10 {
		g := "a"
		if shares["b"].before(shares["a"]) {
			g, n = "b", n+1
		}
		turn(shares, g, r)
	}
	if n < 5 || n > 6 {
		t.Errorf("b came back and got %d of 10", n)
	}
}
