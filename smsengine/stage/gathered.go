package stage

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/sms"
)

// Digest makes the text that tells of those that a digest gathered, oldest first.
// It is made once: its key is the digest's.
//
// It goes as the first of them would have gone, and the account of that one pays.
// No limit is asked: all of them were said yes to, and there is one of it in a
// window. If they are from one sender, it is from there: so reports and answers reach
// who wrote them. Else it is from the administrator, and an answer finds its way by
// the links of the texts before.
func (c Config) Digest(ctx context.Context, f smsengine.Facts, digest smsengine.Message, by rule.Digest, texts iter.Seq[smsengine.Message], now time.Time) (smsengine.Message, error) {
	g := gather(texts)
	if g.count == 0 {
		return smsengine.Message{}, smsengine.Fail("digest", smsengine.Permanent, "5.6.0", "it has gathered nothing", nil)
	}
	dir, err := f.Directory(ctx)
	if err != nil {
		return smsengine.Message{}, err
	}
	first := g.first
	d := &smsengine.Draft{Now: now, Facts: f, Terms: c.Accounts.Terms(dir, first.Account), Message: smsengine.Message{
		ID: smsengine.NewMessageID(now), Key: "told:" + string(digest.ID), Kind: smsengine.Text, About: digest.ID,
		Account: first.Account, From: first.From, To: first.To, Original: first.Original,
		Body:   smsengine.Body{Rules: []string{by.Rule}, Language: first.Body.Language, Fallback: first.Body.Fallback},
		Notify: notify(g.wants), Created: now, Next: now, State: smsengine.Ready,
	}}
	d.Terms.MaxParts, d.Terms.OwnParts, d.Terms.TooLong = by.Parts, by.Parts, "cut"
	d.Params = slices.Clone(first.Body.Params)
	d.Params.Take("maxmsgs")
	d.Chosen = first.Route.Keep(func(id string) bool { return slices.Contains(c.Phones, id) })
	m, measure := &d.Message, c.measure(d)
	m.Body.Text = digestWords(g, c.zoned(g.since), func(text string) bool { n, _ := measure(text); return n <= by.Parts })
	if len(g.senders) > 1 {
		m.From, m.Notify = c.Accounts.Administrator, notify(g.wants&^smsengine.NotifySuccess)
	} else if err := c.link(ctx, d); err != nil {
		return *m, err
	}
	if err := c.size(ctx, d); err != nil {
		return *m, err
	}
	if err := c.way(ctx, d); err != nil {
		return *m, err
	}
	m.Charges, _ = c.Accounts.Charges(m.Account, d.Terms, m.Cost, false, now)
	return *m, nil
}

// way is the stage route for a text that nobody can be told no of any more. What no
// gateway may take is given to them all the same: the engine refuses it in its turn
// (STOP), and its sender gets the report.
func (c Config) way(ctx context.Context, d *smsengine.Draft) error {
	err := c.route(ctx, d)
	if smsengine.StatusOf(err).Class != smsengine.Permanent {
		return err
	}
	d.Message.Route, d.Message.Body.Params = d.Chosen, d.Params
	if len(d.Message.Route) == 0 {
		d.Message.Route = smsengine.Over(c.Phones...)
	}
	return c.life(d)
}

// gathered is what a digest tells of.
type gathered struct {
	first   smsengine.Message
	since   time.Time // when the first would have gone
	count   int
	senders []string         // some of them: two are several
	lines   []line           // what they say, in the order in which it was said first
	wants   smsengine.Notify // what any of the senders wants to hear
}

// line is what several texts say alike.
type line struct {
	text  string
	times int
}

// maxLines bounds what is looked at: no text can tell of more.
const maxLines = 200

func gather(texts iter.Seq[smsengine.Message]) gathered {
	var g gathered
	at := map[string]int{}
	for m := range texts {
		if g.count++; g.count == 1 {
			g.first, g.since = m, m.Next
		}
		if s := sender(m); len(g.senders) < 2 && !slices.Contains(g.senders, s) {
			g.senders = append(g.senders, s)
		}
		for _, kind := range []smsengine.Notify{smsengine.NotifySuccess, smsengine.NotifyFailure, smsengine.NotifyDelay} {
			if m.Notify.Wants(kind) {
				g.wants |= kind
			}
		}
		text := oneLine(sms.Brief(m.Body.Text, maxLine))
		i, known := at[text]
		switch {
		case known:
			g.lines[i].times++
		case len(g.lines) < maxLines:
			at[text] = len(g.lines)
			g.lines = append(g.lines, line{text, 1})
		}
	}
	return g
}

// sender is whom a text is from, for whoever reads it.
func sender(m smsengine.Message) string {
	if m.From.IsZero() {
		return m.Account
	}
	return m.From.Value
}

// notify is a set of conditions of which there may be none.
func notify(wants smsengine.Notify) smsengine.Notify { return cmp.Or(wants, smsengine.NotifyNever) }
