package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/sms"
)

// used gives what is on counters.
type used struct {
	facts
	on map[smsengine.Counter]int
}

func (u used) Usage(_ context.Context, c smsengine.Counter) (smsengine.Usage, error) {
	return smsengine.Usage{Used: u.on[c]}, nil
}

const nightly = "if.always = true\nthen.digest = { after = 3, within = \"10m\" }"

// The stage says when a text is gathered; the Store counts.
func TestDigestStage(t *testing.T) {
	by := smsengine.Digest{Rule: "x", After: 3, Within: 10 * time.Minute}
	to := smsengine.Phone("+15551234567")
	this, before := digestCounter(by, to, now), digestCounter(by, to, now.Add(-by.Within))
	for _, x := range []struct {
		name, rules string
		on          map[smsengine.Counter]int
		change      func(*smsengine.Draft)
		most        int // 0: it is not counted
		says        string
	}{
		{name: "the first", rules: nightly, most: 3, says: "one of 3 that go as they are, in the 10m until 10:10"},
		{name: "the last", rules: nightly, on: map[smsengine.Counter]int{this: 2, before: 3}, most: 3, says: "one of 3"},
		{name: "one more", rules: nightly, on: map[smsengine.Counter]int{this: 3}, most: 3, says: "gathered for a digest, in the 10m until 10:10"},
		{name: "it goes on", rules: nightly, on: map[smsengine.Counter]int{before: 4}, most: smsengine.NoneAtAll, says: "gathered"},
		{name: "none ever", rules: "if.always = true\nthen.digest = { after = 0, within = \"10m\" }", most: smsengine.NoneAtAll, says: "gathered"},
		{name: "the time that counts is when it goes", rules: nightly, change: func(d *smsengine.Draft) { d.Message.Next = now.Add(time.Hour) }, most: 3, says: "until 11:10"},
		{name: "before there is a text", rules: nightly, change: func(d *smsengine.Draft) { d.Preview = true }},
		{name: "data", rules: nightly, change: func(d *smsengine.Draft) { d.Message.Body = smsengine.Body{Alphabet: "binary", Data: []byte{1}} }},
		{name: "no rule", rules: "if.always = true\nthen.tag = \"x\""},
		{name: "dropped", rules: nightly + "\nthen.drop = true"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := ruled(t, one(x.rules), "")
			d := mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", facts{})
			d.Facts, d.Message.Next = used{facts{}, x.on}, now
			if x.change != nil {
				x.change(d)
			}
			if _, err := decide(t, Outgoing(c), d); err != nil {
				t.Fatal(err)
			}
			first := slices.IndexFunc(d.Message.Charges, func(c smsengine.Charge) bool { return c.Account == smsengine.DigestCounter })
			if x.most == 0 {
				if first >= 0 {
					t.Fatalf("charged to %v", d.Message.Charges)
				}
				return
			}
			if first != 0 || d.Message.Charges[0].Amount != 1 {
				t.Fatalf("charged to %v: the window comes before all other limits", d.Message.Charges)
			}
			limit := d.Limits[d.Message.Charges[0].Counter]
			g := limit.Gather
			e, err := rule.UnmarshalEffect(g.Body.Deed)
			if limit.Most != x.most || err != nil || e.Kind() != "digest" || e.By() != "x" || g.Key != d.Message.Charges[0].Period {
				t.Errorf("%+v, %v, %v", limit, e, err)
			}
			if !strings.Contains(noteOf(t, c, d), x.says) {
				t.Errorf("it says %q", noteOf(t, c, d))
			}
		})
	}
}

// noteOf is what the stage says of a draft that has come to it.
func noteOf(t *testing.T, c Config, d *smsengine.Draft) string {
	t.Helper()
	steps, err := smsengine.Decide(t.Context(), []smsengine.Stage{step{"digest", c.digest}}, d)
	if err != nil {
		t.Fatal(err)
	}
	return steps[0].Note
}

// Each phone has its windows, and each rule.
func TestDigestCounters(t *testing.T) {
	by, to := smsengine.Digest{Rule: "x", After: 3, Within: time.Hour}, smsengine.Phone("+15551234567")
	other := by
	other.Rule = "y"
	shorter := by
	shorter.Within = time.Minute
	all := map[smsengine.Counter]bool{
		digestCounter(by, to, now): true, digestCounter(other, to, now): true, digestCounter(shorter, to, now): true,
		digestCounter(by, smsengine.Phone("+15551234568"), now): true, digestCounter(by, to, now.Add(time.Hour)): true,
	}
	if len(all) != 5 {
		t.Error(all)
	}
}

func TestDigestWords(t *testing.T) {
	alert := func(from, text string) smsengine.Message {
		return smsengine.Message{From: smsengine.Mailbox(from), Account: "alerts", Body: smsengine.Body{Text: text}, Next: now}
	}
	const monitor = "alerts@example.org"
	long := strings.Repeat("word ", 100)
	for _, x := range []struct {
		name  string
		texts []smsengine.Message
		parts int
		want  string
	}{
		{"several, and some alike", []smsengine.Message{alert(monitor, "disk full on db1"), alert(monitor, "link down"), alert(monitor, "disk full\non db1 ")}, 2,
			"3 more texts from alerts@example.org since 14:02:\n2x disk full on db1\nlink down"},
		{"one", []smsengine.Message{alert(monitor, "disk full")}, 2, "1 more text from alerts@example.org at 14:02:\ndisk full"},
		{"several senders", []smsengine.Message{alert(monitor, "a"), alert("other@example.org", "b")}, 2, "2 more texts from several senders since 14:02:\na\nb"},
		{"nobody's", []smsengine.Message{{Account: "alerts", Body: smsengine.Body{Text: "a"}}}, 2, "1 more text from alerts at 14:02:\na"},
		{"a long one has all the room", []smsengine.Message{alert(monitor, long)}, 2, "1 more text from alerts@example.org at 14:02:\n" + strings.Repeat("word ", 46) + "word..."},
		{"several long ones share it", []smsengine.Message{alert(monitor, "a "+long), alert(monitor, "b "+long), alert(monitor, "c "+long)}, 2,
			"3 more texts from alerts@example.org since 14:02:\na " + strings.Repeat("word ", 12) + "word...\nb " + strings.Repeat("word ", 12) + "word...\nc " + strings.Repeat("word ", 12) + "word..."},
		{"what does not fit is counted", slices.Repeat([]smsengine.Message{alert(monitor, "a "+long), alert(monitor, "b "+long), alert(monitor, "c "+long), alert(monitor, "d "+long)}, 2), 1,
			"8 more texts from alerts@example.org since 14:02:\n2x a word word word word word word word...\n2x b word word word word word word word...\nand 4 others"},
		{"no room for any", []smsengine.Message{alert(monitor+strings.Repeat("x", 80), "a "+long), alert(monitor+strings.Repeat("x", 80), "b")}, 1,
			"2 more texts from alerts@example.org" + strings.Repeat("x", 80) + " since 14:02"},
	} {
		fits := func(text string) bool {
			s, err := sms.SplitText(text, sms.Options{})
			return err == nil && len(s.Parts) <= x.parts
		}
		if got := digestWords(gather(slices.Values(x.texts)), "14:02", fits); got != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, x.want)
		}
	}
}

// Whatever was gathered: the words fit, are whole characters, and their numbers add
// up to all of it.
func TestDigestWordsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{"disk full", "link down", "Ünïcødé 👩‍👩‍👧 alarm"}), rapid.StringOf(rapid.SampledFrom([]rune("ab \n€ж👍🏽\u0301")))), 1, 300).Draw(t, "texts")
		parts := rapid.IntRange(1, 4).Draw(t, "parts")
		var ms []smsengine.Message
		for _, text := range texts {
			ms = append(ms, smsengine.Message{Account: "a", Body: smsengine.Body{Text: text}})
		}
		g := gather(slices.Values(ms))
		got := digestWords(g, "14:02", func(text string) bool {
			s, err := sms.SplitText(text, sms.Options{})
			return err == nil && len(s.Parts) <= parts
		})
		if s, err := sms.SplitText(got, sms.Options{}); err != nil || len(s.Parts) > parts || !utf8.ValidString(got) {
			t.Fatalf("%q: %v, %v", got, s, err)
		}
		told := 0
		lines := strings.Split(got, "\n")[1:]
		for i, line := range lines {
			var n int
			if _, err := fmt.Sscanf(line, "and %d other", &n); err == nil && i == len(lines)-1 {
				told += n
			} else {
				told += g.lines[i].times
			}
		}
		if len(lines) > 0 && told != len(texts) {
			t.Fatalf("%q tells of %d, and there are %d", got, told, len(texts))
		}
	})
}

// gatheredTexts are what a digest has of senders.
func gatheredTexts(from ...string) (digest smsengine.Message, texts []smsengine.Message) {
	digest = smsengine.NewDigest("digest x", "night", "digest", nil, now, now.Add(10*time.Minute))
	digest.ID = "d"
	for i, f := range from {
		m := smsengine.Message{
			ID: smsengine.MessageID(fmt.Sprint("m", i)), Kind: smsengine.Text, Account: f, From: smsengine.Mailbox(f), To: smsengine.Phone("+15551234567"),
			Original: "+15551234567@sms.example.org", Body: smsengine.Body{Text: "disk full", Params: []smsengine.Param{{Name: "sender", Value: "Pump"}}},
			Route: smsengine.Over("spare"), Created: now, Next: now, Notify: smsengine.NotifySuccess,
		}
		m, _ = m.GatheredBy(digest)
		texts = append(texts, m)
	}
	return digest, texts
}

// The text goes as the first of those in it would have gone.
func TestDigestMakesOneText(t *testing.T) {
	const john, anna = "john@example.org", "anna@example.org"
	for _, x := range []struct {
		name   string
		from   []string
		facts  facts
		change func(ms []smsengine.Message)
		check  func(m smsengine.Message) bool
	}{
		{"one sender", []string{john, john}, facts{}, nil, func(m smsengine.Message) bool {
			return m.From.Value == john && m.LinkFor == time.Hour && m.Notify == smsengine.NotifySuccess && m.Account == john && m.Charges[0].Account == john && m.Charges[0].Amount == 1 &&
				m.About == "d" && m.Route.String() == "spare" && named(m.Body.Params, "sender") == "Pump" && m.State == smsengine.Ready && len(m.Parts) == 1 && m.Expires.After(m.Created) &&
				m.Body.Text == "2 more texts from john@example.org since 10:00:\n2x disk full"
		}},
		{"several", []string{john, anna}, facts{}, nil, func(m smsengine.Message) bool {
			return m.From.Value == "postmaster@example.org" && m.LinkFor == 0 && m.Notify == smsengine.NotifyNever && m.Charges[0].Account == john
		}},
		{"several who hear of failures", []string{john, anna}, facts{}, func(ms []smsengine.Message) { ms[1].Notify = 0 }, func(m smsengine.Message) bool {
			return m.Notify == smsengine.NotifyFailure|smsengine.NotifyDelay
		}},
		{"its gateway is gone", []string{john}, facts{}, func(ms []smsengine.Message) { ms[0].Route = smsengine.Over("gone") }, func(m smsengine.Message) bool {
			return m.Route.Has("office") && m.Route.Has("spare")
		}},
		{"STOP since then", []string{john}, facts{stopped: []smsengine.Address{{}, ours}}, nil, func(m smsengine.Message) bool { // the engine refuses it, and John hears of it
			return m.Route.String() == "spare" && m.State == smsengine.Ready
		}},
		{"over the limit", []string{john}, facts{used: 10000}, nil, func(m smsengine.Message) bool { return len(m.Charges) > 0 }},
	} {
		digest, texts := gatheredTexts(x.from...)
		if x.change != nil {
			x.change(texts)
		}
		c := config(t)
		c.LinkFor, c.Accounts.Administrator = time.Hour, smsengine.Mailbox("postmaster@example.org")
		m, err := c.Digest(t.Context(), x.facts, digest, rule.Digest{Rule: "night", Parts: 2}, slices.Values(texts), now.Add(10*time.Minute))
		if err != nil || !x.check(m) || m.Key != "told:d" {
			t.Errorf("%s: %+v, %v", x.name, m, err)
		}
	}
	c := config(t)
	if _, err := c.Digest(t.Context(), facts{}, smsengine.Message{}, rule.Digest{Parts: 2}, slices.Values[[]smsengine.Message](nil), now); err == nil {
		t.Error("a text of nothing")
	}
	digest, texts := gatheredTexts(john)
	c.Phones = nil
	_, err := c.Digest(t.Context(), facts{}, digest, rule.Digest{Parts: 2}, slices.Values(texts), now)
	if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Class != smsengine.Temporary {
		t.Errorf("without any gateway: %v", err)
	}
}
