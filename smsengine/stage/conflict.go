package stage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// conflict asks the phone whom its text answers, if that may be one of several
// people. The text is not kept from anybody meanwhile: the default recipient gets
// it, and who is meant gets it when the phone says so.
func (c Config) conflict(ctx context.Context, d *smsengine.Draft) error {
	if c.Conflict == "" || c.ConflictLimit < 1 || has[smsengine.Suppress](d) {
		return nil
	}
	links, err := c.links(ctx, d)
	if err != nil || len(links) < 2 {
		return err
	}
	codes := byCode(links)
	gateway, err := c.answersOver(ctx, d)
	if err != nil || gateway == "" || len(codes) == 0 {
		return err
	}
	asked, err := d.Facts.Conflict(ctx, d.Set.To, d.Set.From)
	if err != nil {
		return err
	}
	if today := d.Now.Truncate(24 * time.Hour); !asked.Day.Equal(today) {
		asked.Day, asked.Told = today, 0
	}
	words := "Several people have written to this phone from this number, so it is not known whom it answers."
	if asked.Told < c.ConflictLimit {
		asked.Told++
		question, err := c.question(d, c.questionText(links, codes), gateway, asked)
		if err != nil {
			return err
		}
		d.Notices = append(d.Notices, question)
		words += " The phone has been asked."
	}
	asked.Message = d.Message.ID
	d.Effects = append(d.Effects, smsengine.KeepConflict{Ours: d.Set.To, Theirs: d.Set.From, Conflict: asked})
	d.Note(fmt.Sprintf("one of %d senders is meant; asked %d times today", len(links), asked.Told))
	tell(d, words)
	return nil
}

// answersOver gives the gateway over which the phone can be asked, "" if it
// must not be: it is no person, said STOP, is one of our own numbers, or our
// number does not send.
func (c Config) answersOver(ctx context.Context, d *smsengine.Draft) (string, error) {
	if !person(d.Set.From) {
		return "", nil
	}
	for _, ours := range c.Numbers {
		if ours == d.Set.From {
			return "", nil
		}
	}
	stopped, err := d.Facts.Suppressed(ctx, d.Set.From)
	if err != nil || slices.Contains(stopped, d.Set.To) || !slices.Contains(c.Phones, d.Set.Gateway) {
		return "", err
	}
	return d.Set.Gateway, nil
}

// questionLife is how long the question is tried: later it would only puzzle.
const questionLife = time.Hour

// question is the text that asks. Its key is the place among the questions of the
// day, so that texts that come together do not ask more often than one by one.
func (c Config) question(d *smsengine.Draft, text, gateway string, asked smsengine.Conflict) (smsengine.Message, error) {
	m, err := c.toPhone(d, text, gateway, fmt.Sprintf("conflict:%s:%s:%s:%d", d.Set.To, d.Set.From, asked.Day.Format(time.DateOnly), asked.Told))
	if err != nil {
		return m, fmt.Errorf("the text of conflict: %w", err)
	}
	return m, nil
}

// toPhone is a text of our own to the phone that has just written. Nobody pays,
// nobody gets a report, and it makes no link: it has no sender.
func (c Config) toPhone(d *smsengine.Draft, text, gateway, key string) (smsengine.Message, error) {
	m := smsengine.Message{
		Key: key, Kind: smsengine.Text, To: d.Set.From,
		Notify: smsengine.NotifyNever, Created: d.Now, Expires: d.Now.Add(questionLife),
		Route: smsengine.Over(gateway), State: smsengine.Ready, Next: d.Now,
	}
	cut, err := sms.SplitText(text, sms.Options{MaxParts: questionParts, Ref: reference(d.Message.ID), Cut: true})
	if err != nil {
		return m, err
	}
	m.Body.Alphabet, m.Cost = cut.Alphabet.String(), len(cut.Parts)
	for _, p := range cut.Parts {
		m.Body.Text += p.Text
		m.Parts = append(m.Parts, smsengine.Part{Text: p.Text, UDH: p.UDH})
	}
	if d.Set.To != c.Numbers[gateway] && !d.Set.To.IsZero() { // it has several
		m.Body.Params = []smsengine.Param{{Name: "sender", Value: d.Set.To.Value}}
	}
	return m, nil
}

// questionParts bounds what a question costs, if the site's own words are long.
const questionParts = 3

// questionText fills in the site's words. To fit one part, names are shortened
// and the oldest links left out; the last two stay.
func (c Config) questionText(links []smsengine.Link, codes map[int]smsengine.Link) string {
	said := slices.DeleteFunc(slices.Clone(links), func(l smsengine.Link) bool { return codes[l.Code].Sender != l.Sender })
	var text string
	for _, name := range []int{24, 12, 8} {
		if text = c.asking(said, name); sms.Measure(text).Parts <= 1 {
			return text
		}
	}
	for len(said) > 2 {
		said = said[:len(said)-1]
		if text = c.asking(said, 8); sms.Measure(text).Parts <= 1 {
			break
		}
	}
	return text
}

// asking is the question with names of up to so many characters.
func (c Config) asking(links []smsengine.Link, name int) string {
	list := map[int]string{}
	for _, l := range links {
		list[l.Code] = fmt.Sprint(l.Code, " ", called(l, links, name))
	}
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(list)) {
		codes = append(codes, list[code])
	}
	direct := ""
	if len(c.DirectDomains) > 0 {
		direct = "#user@" + c.DirectDomains[0] + "#"
	}
	return strings.NewReplacer("{codes}", strings.Join(codes, ", "), "{direct}", direct).Replace(c.Conflict)
}

// called is what a sender is called in a question: the name of the mailbox, with
// its domain if others have the same.
func called(l smsengine.Link, among []smsengine.Link, most int) string {
	local, domain, _ := strings.Cut(l.Sender.Value, "@")
	for _, other := range among {
		if o, _, _ := strings.Cut(other.Sender.Value, "@"); other.Sender != l.Sender && strings.EqualFold(o, local) {
			local += " at " + domain
			most *= 3
			break
		}
	}
	name := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, local))
	return strings.TrimSpace(string(name[:min(len(name), most)]))
}
