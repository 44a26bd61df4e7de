package stage

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// deeds makes messages of what rules do beside this one. They are stored with it,
// and no rule is asked about them.
func (c Config) deeds(ctx context.Context, d *smsengine.Draft, effects rule.Effects) error {
	for _, e := range effects {
		var m smsengine.Message
		switch e := e.(type) {
		case rule.Mail:
			m = c.mailOf(d, e)
		case rule.SMS:
			m = c.copyOf(ctx, d, e)
		case rule.AutoReply:
			var err error
			if m, err = c.autoReply(ctx, d, e); err != nil {
				return err
			}
		default:
			stored, err := rule.MarshalEffect(e)
			if err != nil {
				return fmt.Errorf("rule %s: %w", e.By(), err)
			}
			m = smsengine.NewDeed(d.Message, e.By(), what(e), stored, d.Now)
		}
		d.Deeds = append(d.Deeds, m)
	}
	return nil
}

// what tells people what is done, without what a URL hides: it may hold a password.
func what(e rule.Effect) string {
	switch e := e.(type) {
	case rule.Run:
		if e.Shell {
			return "run a line of sh"
		}
		return "run " + e.Command[0]
	case rule.Call:
		server := "a URL"
		if u, err := url.Parse(strings.ReplaceAll(e.URL, "%%", "")); err == nil && u.Host != "" {
			server = u.Hostname()
		}
		return "call " + server
	case rule.SQL:
		return "execute a statement on " + e.Database
	}
	return e.Kind()
}

// mailOf is what a text says, for a mailbox. A text from a phone can be answered
// there, too.
func (c Config) mailOf(d *smsengine.Draft, e rule.Mail) smsengine.Message {
	if d.Message.Kind == smsengine.Incoming {
		m := d.Message
		received := *m.Body.Received
		received.Decided = "by the rule " + e.Rule
		m.Body.Received, m.Body.Text, m.Body.Rules = &received, e.Text, []string{e.Rule}
		m.Body.Subject, m.Body.Headers = e.Subject, fields(e.Headers)
		m.Parts, m.State, m.About, m.Account = []smsengine.Part{{}}, smsengine.Ready, "", ""
		m.Key = ""
		address(&m, smsengine.Mailbox(e.To))
		return m
	}
	subject := "Text to " + e.Number
	if e.Subject != "" {
		subject += ": " + e.Subject
	}
	var b strings.Builder
	for _, line := range [][2]string{{"From", e.From}, {"To", e.Number}, {"Account", e.Account}, {"Gateway", e.Gateway}} {
		if line[1] != "" {
			b.WriteString(line[0] + ": " + line[1] + "\n")
		}
	}
	m := smsengine.NewNote(smsengine.Mailbox(e.To), "", subject, b.String()+"\n"+e.Text, d.Now)
	m.About, m.Body.Headers, m.Body.Rules = d.Message.ID, fields(e.Headers), []string{e.Rule}
	return m
}

// copyOf is a text with the same words to another phone. It is the administrator's
// word, so it is of no account, nobody is charged and no terms are asked but those about its parts. One
// that cannot be sent is stored as failed.
func (c Config) copyOf(ctx context.Context, d *smsengine.Draft, e rule.SMS) smsengine.Message {
	own := smsengine.Draft{Now: d.Now, Source: d.Source, Facts: d.Facts, Terms: d.Terms, Message: smsengine.Message{
		ID: smsengine.NewMessageID(d.Now), Kind: smsengine.Text, About: d.Message.ID, From: d.Message.From,
		To: smsengine.Phone(e.To), Body: smsengine.Body{Text: e.Text, Rules: []string{e.Rule}},
		Notify: smsengine.NotifyNever, Created: d.Now, Next: d.Now, State: smsengine.Ready,
	}}
	if e.Sender != "" {
		set(&own.Params, "sender", e.Sender)
	}
	err := c.size(ctx, &own)
	if err == nil {
		err = c.route(ctx, &own)
	}
	if err != nil {
		own.End(smsengine.StatusOf(err))
		own.Message.State = smsengine.Failed
	}
	return own.Message
}
