package stage

import (
	"context"
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/words"
)

// words makes the text of what a door found in a mail, in the form that the
// terms say, or that the address names.
func (c Config) words(_ context.Context, d *smsengine.Draft) error {
	template, err := c.template(d)
	if err != nil {
		return err
	}
	m := &d.Message
	m.Body.Language, m.Body.Name = d.Terms.Language, d.Recipient.Name
	if d.Mail == nil {
		return nil
	}
	if m.Body.Language == "" {
		m.Body.Language = d.Mail.Language
	}
	made := words.Make(d.Mail, words.Form{
		Template: template, Strip: d.Terms.Strip, Attachments: d.Terms.Attachments, Location: c.Accounts.Location,
	})
	// A subject must not stand for words that nobody could read, unless it is all
	// that was asked for.
	if d.Mail.Why != "" && (template.Uses("text") || strings.TrimSpace(made.Text) == "") {
		return refuse("words", "5.6.0", d.Mail.Why)
	}
	m.Body.Text, m.Body.LeftOut, d.Links = made.Text, made.LeftOut, made.Links
	if len(made.LeftOut) > 0 {
		d.Note(fmt.Sprintf("left out: %v", made.LeftOut))
	}
	return nil
}

// template gives that of the address, by its name; else that of the terms, by
// its name or as it is.
func (c Config) template(d *smsengine.Draft) (words.Template, error) {
	name, said := d.Params.Take("template")
	if !said {
		name = d.Terms.Template
	}
	t, ok := c.Templates[name]
	switch {
	case ok:
		return t, nil
	case said:
		return t, refuse("words", "5.1.3", "the template in the address is none that is defined here")
	}
	t, err := words.Parse(name)
	if err != nil || words.IsName(name) {
		return t, smsengine.Fail("words", smsengine.Temporary, "4.3.5", "the template of this account is not there now", err)
	}
	return t, nil
}
