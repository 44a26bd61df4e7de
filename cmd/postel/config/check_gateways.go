package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/phone"
)

func (r *reader) checkGateways(c *Config) {
	if len(c.Gateways) == 0 {
		r.bad("gateway", "add a [[gateway]]", "there is none, so no text could be sent")
	}
	ids := map[string]bool{}
	for i := range c.Gateways {
		g, key := &c.Gateways[i], fmt.Sprintf("gateway[%d]", i)
		switch {
		case !idForm.MatchString(g.ID):
			r.bad(key+".id", `write letters, digits, "-" and "_"`, "%q is not a name for a gateway", g.ID)
		case g.ID == smsengine.MailGateway:
			r.bad(key+".id", "choose another", `"mail" is the name of the mail server`)
		case g.ID == smsengine.RulesGateway:
			r.bad(key+".id", "choose another", `"rules" is the name of what does what rules want`)
		case g.ID == smsengine.WebhookGateway:
			r.bad(key+".id", "choose another", `"webhook" is the name of what calls webhooks`)
		case ids[g.ID]:
			r.bad(key+".id", "give each gateway a name of its own", "a gateway before this one has the name %q", g.ID)
		}
		ids[g.ID] = true
		r.checkGateway(g, key)
	}
}

// checked are a driver's settings that tell what of them cannot work, by key.
type checked interface {
	Check(wrong func(key, remedy, format string, args ...any))
}

func (r *reader) checkGateway(g *Gateway, key string) {
	if make, ok := r.drivers[g.Type]; !ok {
		r.bad(key+".type", mistake.Suggest(g.Type, slices.Sorted(maps.Keys(r.drivers))), "there is no driver %q", g.Type)
	} else if g.Options == nil {
		g.Options = make()
	}
	if o, ok := g.Options.(checked); ok {
		o.Check(func(name, remedy, format string, args ...any) {
			r.bad(key+"."+g.Type+"."+name, remedy, format, args...)
		})
	}
	for name := range r.drivers {
		if _, there := r.lines[key+"."+name]; there && name != g.Type {
			r.bad(key+"."+name, fmt.Sprintf("remove it, or set type = %q", name), "the gateway's type is %q", g.Type)
		}
	}
	if !numberForm.MatchString(g.Number) {
		r.bad(key+".number", `write it with "+" and country code, such as "+15555550100"`, "%q is not a phone number", g.Number)
	}
	r.checkDefault(g.DefaultRecipient, key+".default_recipient")
	if g.From != "" {
		r.pattern(key+".from", g.From)
	}
	if g.Concurrency < 1 {
		r.bad(key+".concurrency", "write 1 or more", "nothing could be sent")
	}
	r.checkSending(&g.Sending, g.ID, key)
	if g.Timeout <= 0 {
		r.bad(key+".timeout", `write a time such as "1m"`, "nothing could be sent in no time")
	}
}

// checkDefault looks at who gets texts that answer nobody.
func (r *reader) checkDefault(who, key string) {
	account, isList := strings.CutPrefix(who, string(smsengine.InboxOf)+":")
	switch {
	case who == "":
		r.bad(key, "name a mailbox", "texts that answer nobody would have nowhere to go")
	case isList && account == "":
		r.bad(key, `write "inbox:" and an account`, "%q names no account", who)
	case isList:
	case r.mailbox(key, who) && r.isPhone(who):
		r.bad(key, "name a mailbox", "%s is a phone: a text must not buy texts", who)
	}
}

// isPhone reports whether mail to the address would become a text.
func (r *reader) isPhone(addr string) bool {
	p, err := phone.New(r.cfg.Phones())
	if err != nil {
		return false // reported elsewhere
	}
	_, is, _ := p.Parse(addr)
	return is
}
