package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/words"
)

// checkWords is about the words of texts and mails.
func (r *reader) checkWords(c *Config) {
	names := map[string]bool{}
	for i, t := range c.Text.Template {
		key := fmt.Sprintf("text.template[%d]", i)
		switch {
		case !words.IsName(t.Name):
			r.bad(key+".name", "write letters, digits, \"-\" and \"_\"", "%.40q is no name", t.Name)
		case names[t.Name]:
			r.bad(key+".name", "keep one", "there are two templates called %s", t.Name)
		}
		names[t.Name] = true
		if _, err := words.Parse(t.Text); err != nil {
			r.bad(key+".text", "", "%s", err)
		} else if t.Text == "" {
			r.bad(key+".text", `write a form such as "{text|subject}"`, "it is empty, and so would be all texts")
		}
	}
	r.named("access.template", c.Access.Template, names)
	for i, d := range c.Access.Domain {
		r.named(fmt.Sprintf("access.domain[%d].template", i), d.Template, names)
	}
	for i, u := range c.Access.User {
		r.named(fmt.Sprintf("access.user[%d].template", i), u.Template, names)
	}
	for i, line := range c.Text.Disclaimers {
		if len(strings.TrimSpace(line)) < 8 {
			r.bad("text.disclaimers", "write more of the line's beginning", "number %d, %q, is so short that people's own lines begin with it", i+1, line)
		}
	}
	r.checkIncoming(c.Incoming)
	r.checkAttachments(c)
	r.checkHooks(&c.Hooks)
	r.checkHTTP(&c.HTTP)
}

// named looks whether a template that is given by its name is there.
func (r *reader) named(key string, template *string, names map[string]bool) {
	if template != nil && words.IsName(*template) && !names[*template] {
		r.bad(key, `define it in [[text.template]], or write a form such as "{text|subject}"`, "there is no template called %q", *template)
	}
}

func (r *reader) checkIncoming(in Incoming) {
	for _, d := range in.DirectDomains {
		if !domainForm.MatchString(d) {
			r.bad("incoming.direct_domains", `write domains such as "example.org"`, "%.80q is none", d)
		}
	}
	if in.ConflictLimit < 0 {
		r.bad("incoming.conflict_limit", "write 0 for none", "%d is less than nothing", in.ConflictLimit)
	}
	if in.Conflict != "" && !strings.Contains(in.Conflict, "{codes}") && !strings.Contains(in.Conflict, "{direct}") {
		r.bad("incoming.conflict", "write {codes} where the codes to answer with shall stand", "it does not say how to answer")
	}
	words := map[string]bool{}
	for _, w := range in.Stop {
		words[strings.ToUpper(strings.TrimSpace(w))] = true
	}
	for _, w := range in.Start {
		if words[strings.ToUpper(strings.TrimSpace(w))] {
			r.bad("incoming.start", "take it out of one of them", "%q is a word of stop, too", w)
		}
	}
}

// checkAttachments looks at the links, and whether somebody counts on them.
func (r *reader) checkAttachments(c *Config) {
	a := c.Attachments
	if a.Listen.IsZero() {
		for key, p := range c.policies() {
			if p.Attachments != nil && *p.Attachments == words.AttachmentsLink {
				r.bad(key+".attachments", "set attachments.listen and attachments.url", "nothing serves the links")
			}
		}
		return
	}
	if u, err := url.Parse(a.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		r.bad("attachments.url", `write it as in "https://sms.example.org/a/"`, "%.80q is not an address that links can begin with", a.URL)
	}
	if a.Lifetime <= 0 {
		r.bad("attachments.lifetime", `write a time such as "720h"`, "links must work for some time")
	}
}

// policies are those that the file defines, by where they stand.
func (c *Config) policies() map[string]smsengine.Policy {
	all := map[string]smsengine.Policy{"access": c.Access.Policy}
	for i, d := range c.Access.Domain {
		all[fmt.Sprintf("access.domain[%d]", i)] = d.Policy
	}
	for i, u := range c.Access.User {
		all[fmt.Sprintf("access.user[%d]", i)] = u.Policy
	}
	return all
}
