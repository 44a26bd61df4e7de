package rule

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Turns change at the same hour of the clock on the wall, in summer and in winter,
// and go back before their beginning, too.
func TestTurns(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, Outgoing, `
		[[rule]]
		title = "On call"
		if.always = true
		then.forward = { turns = ["+15555550131", "+15555550132", "+15555550133"], every = "1w", since = "2026-03-23 08:00" }
		then.copy = [{ turns = ["a@example.org", "b@example.org"], every = "12h", since = "2026-03-23" }, "c@example.org"]`)
	for at, want := range map[string]string{
		"2026-03-23 08:00": "+15555550131 a@example.org",
		"2026-03-23 12:00": "+15555550131 b@example.org",
		"2026-03-30 07:59": "+15555550131 a@example.org", // the clocks were put forward the day before
		"2026-03-30 08:00": "+15555550132 a@example.org",
		"2026-04-13 08:00": "+15555550131 a@example.org",
		"2026-03-23 07:59": "+15555550133 a@example.org",
		"2026-03-16 07:59": "+15555550132 a@example.org",
		"2026-03-22 23:59": "+15555550133 b@example.org",
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		d := s.Decide(Facts{To: "+15555550130", From: "alerts@example.org", Text: "x", At: now})
		if got := d.Changes.To + " " + d.Effects[0].(Mail).To; got != want || d.Effects[1].(Mail).To != "c@example.org" {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if got := s.Rules()[0].Sentence(); !strings.Contains(got, "it goes to whose turn it is of +15555550131, +15555550132 and +15555550133 in place") {
		t.Error(got)
	}
}

// Whoever it is at a time has it until the turn is over, and the next one then.
func TestTurnsFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rota{every: time.Duration(rapid.IntRange(1, 400).Draw(t, "hours")) * time.Hour, since: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "since"), 0).UTC()}
		names := []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(t, "people")]
		for _, n := range names {
			o.turns = append(o.turns, target{mail: n})
		}
		turn := rapid.IntRange(-200, 200).Draw(t, "turn")
		begin := o.since.Add(time.Duration(turn) * o.every)
		want := names[(turn%len(names)+len(names))%len(names)]
		if first, last := o.at(begin).mail, o.at(begin.Add(o.every-time.Second)).mail; first != want || last != want {
			t.Fatalf("turn %d begins with %s and ends with %s, want %s", turn, first, last, want)
		}
	})
}

// What is wrong with turns, fallbacks and replies is said.
func TestWrongTurns(t *testing.T) {
	for action, want := range map[string]string{
		`forward = { turns = [], every = "1w", since = "2026-11-23" }`:                 "there is nobody to take turns",
		`forward = { turns = ["a@example.org"], every = "1w" }`:                        "since when?",
		`forward = { turns = ["a@example.org"], every = "1y", since = "2026-11-23" }`:  "every: want a time",
		`forward = { turns = ["a@example.org"], every = "30m", since = "2026-11-23" }`: "every: want a time",
		`forward = { turns = ["a@example.org"], every = "1w", since = "monday" }`:      "since: want a day and a time",
		`forward = { turns = ["a@example.org"], evry = "1w", since = "2026-11-23" }`:   "did you mean every?",
		`archive = { turns = ["a@example.org"], every = "1w", since = "2026-11-23" }`:  "nobody takes turns",
		`fallback = "+15555550131"`:                         "a fallback is a mailbox",
		`fallback = { after = "10m" }`:                      "needs to know which mailbox",
		`fallback = { mail = "a@example.org", after = 10 }`: "after: want a time",
		`reply = "Hello"`:                                   "a reply is for texts from phones",
	} {
		_, err := Parse(nil, "f", []byte("[[rule]]\ntitle = \"x\"\nif.always = true\nthen."+action), Outgoing, Site{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", action, err)
		}
	}
	for action, want := range map[string]string{
		`reply = " "`: "a reply says nothing",
		`reply = { text = "Hello", every = "1s" }`: "every: want a time",
		`fallback = "a@example.org"`:               "a fallback is for texts to phones",
	} {
		_, err := Parse(nil, "f", []byte("[[rule]]\ntitle = \"x\"\nif.always = true\nthen."+action), Incoming, Site{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", action, err)
		}
	}
}
