package stage

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// answer delivers to the sender of the text that this one answers, if one live
// link says who that is, or, of several, a code that the phone was told.
func (c Config) answer(ctx context.Context, d *smsengine.Draft) error {
	links, err := c.links(ctx, d)
	if err != nil || len(links) == 0 {
		return err
	}
	link, ok, err := c.chosen(ctx, d, links)
	if err != nil || !ok && len(links) > 1 {
		return err
	}
	if !ok {
		link = links[0]
	}
	m := &d.Message
	m.About = link.Message
	address(m, link.Sender)
	d.Message.Body.Received.Name = link.Name
	d.Note(string(link.Message) + " of " + link.Sender.Value)

	asked, err := d.Facts.Message(ctx, link.Message)
	if err == nil {
		m.Account, m.Body.Language = asked.Account, asked.Body.Language
		var src smsengine.Source
		src, err = d.Facts.Source(ctx, asked.Source)
		d.Message.Body.Received.Thread = smsengine.Thread{
			InReplyTo: src.MessageID, References: src.References, Subject: src.Subject,
		}
	}
	if errors.Is(err, smsengine.ErrNotFound) { // forgotten: the answer stands alone
		return nil
	}
	return err
}

// address says who gets a text from a phone. In an account's list it is once it is
// stored.
func address(m *smsengine.Message, to smsengine.Address) {
	m.To, m.Route = to, smsengine.Over(smsengine.MailGateway)
	if to.Scheme != smsengine.InboxOf {
		return
	}
	m.Route, m.State, m.Account = nil, smsengine.Delivered, to.Value
	for i := range m.Parts {
		m.Parts[i].State = smsengine.PartDelivered
	}
}

// links gives those that a text may answer: none if it named a mailbox itself, or
// if links are switched off.
func (c Config) links(ctx context.Context, d *smsengine.Draft) ([]smsengine.Link, error) {
	if c.LinkFor == 0 || !d.Message.To.IsZero() {
		return nil, nil
	}
	return d.Facts.Links(ctx, d.Set.To, d.Set.From, d.Now)
}

// chosen gives the link whose code stands in front of the text, which loses it.
// Codes mean something to a phone that was told of them, and while there is a
// choice; else "2 is fine" is a sentence. A code alone is about the text that the
// phone was asked about.
func (c Config) chosen(ctx context.Context, d *smsengine.Draft, links []smsengine.Link) (link smsengine.Link, ok bool, err error) {
	code, rest, ok := codeOf(d.Message.Body.Text)
	if !ok {
		return link, false, nil
	}
	asked, err := d.Facts.Conflict(ctx, d.Set.To, d.Set.From)
	if err != nil || asked.Told == 0 {
		return link, false, err
	}
	link, ok = byCode(links)[code]
	switch {
	case !ok:
		return link, false, nil
	case rest == "":
		return link, true, c.kept(ctx, d, asked)
	case len(links) > 1:
		d.Message.Body.Text = rest
	}
	return link, true, nil
}

// keptFor is how long a code alone is about the text before it.
const keptFor = 24 * time.Hour

// kept puts the text that the phone was asked about in the place of the code. It
// is delivered so once; without one the code is what there is to deliver.
func (c Config) kept(ctx context.Context, d *smsengine.Draft, asked smsengine.Conflict) error {
	if asked.Message == "" {
		return nil
	}
	text, err := d.Facts.Message(ctx, asked.Message)
	if errors.Is(err, smsengine.ErrNotFound) {
		return nil
	}
	if err != nil || text.Body.Received == nil || d.Now.Sub(text.Created) > keptFor {
		return err
	}
	code := strings.TrimSpace(d.Message.Body.Text)
	was := *text.Body.Received
	was.Note, was.Gateway = "", d.Set.Gateway
	d.Message.Body.Text, d.Message.Body.Received = text.Body.Text, &was
	tell(d, "The phone's owner was asked whom this text answers, and said: "+code)
	asked.Message = ""
	d.Effects = append(d.Effects, smsengine.KeepConflict{Ours: d.Set.To, Theirs: d.Set.From, Conflict: asked})
	return nil
}

// codeInFront is "2 Hello", "2: Hello", "(2) Hello", "2 - Hello", or "2" alone.
var codeInFront = regexp.MustCompile(`^\s*\(?([0-9]{1,4})[.,:;)]?(?:\s+(?:[-–—:]\s+)?((?s:.*)))?$`)

// codeOf takes the number in front off a text.
func codeOf(text string) (code int, rest string, ok bool) {
	m := codeInFront.FindStringSubmatch(text)
	if m == nil {
		return 0, "", false
	}
	code, err := strconv.Atoi(m[1])
	return code, strings.TrimSpace(m[2]), err == nil
}

// byCode gives the links by their codes, without those that share one: where our
// number is not known, links of several are looked at.
func byCode(links []smsengine.Link) map[int]smsengine.Link {
	all, twice := map[int]smsengine.Link{}, map[int]bool{}
	for _, l := range links {
		_, there := all[l.Code]
		twice[l.Code] = there
		all[l.Code] = l
	}
	for code, bad := range twice {
		if bad {
			delete(all, code)
		}
	}
	return all
}
