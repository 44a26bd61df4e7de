package stage

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// This file is about the caller ID: what the phone shows as the sender of a text.

// callers reads caller IDs as this site does.
func (c Config) callers() account.Callers {
	all := account.Callers{Number: c.Parser.Number}
	for _, id := range c.Phones {
		if n := c.Numbers[id]; !n.IsZero() {
			all.Ours = append(all.Ours, n)
		}
	}
	return all
}

// sender settles what the text shows as its sender, where a gateway lets us
// choose: what the address says, if the terms allow it, else what they say
// themselves. That is known to gateways as the phone alias, too.
func (c Config) sender(d *smsengine.Draft) error {
	own := c.callers().Own(d.Terms)
	show := own
	if said, ok := d.Params.Take("sender"); ok {
		var err error
		if show, err = c.mayShow(d, said); err != nil {
			return err
		}
	}
	for _, p := range d.Params {
		if p.Name == "value" && !c.mayPass(d, p.Value) {
			return refuse("account", "5.7.1", "value= in the address names what the text shows as its sender; write sender= instead")
		}
	}
	if show != "" {
		d.Params = append(d.Params, smsengine.Param{Name: "sender", Value: show})
	}
	if own != "" {
		d.Params = append(d.Params, smsengine.Param{Name: "sender_phonealias", Value: own})
	}
	return nil
}

// mayShow gives a caller ID that the writer asks for in the form in which it is
// shown. What would be allowed is told only to whoever the account is known to be:
// a key or a network may be a stranger's.
func (c Config) mayShow(d *smsengine.Draft, said string) (string, error) {
	all := c.callers()
	asked, err := all.Read(said)
	if err != nil {
		return "", refuse("account", "5.1.3", "no text can show that sender: "+err.Error())
	}
	show, may := all.May(d.Terms, asked)
	if may {
		return show, nil
	}
	why := "you may not choose this sender of the text; leave sender out"
	stranger := slices.Contains([]string{smsengine.MethodKey, smsengine.MethodClient, smsengine.MethodLocalUser}, d.Identity.Method)
	if words := all.Words(d.Terms); !stranger && words != "" {
		why += ", or choose one of " + words
	}
	return "", refuse("account", "5.7.1", why)
}

// callerNames are the names that providers have for the caller ID.
var callerNames = []string{
	"from", "sender", "senderid", "sender_id", "sender-id", "sendername", "originator", "originatingaddress", "orig", "oa", "source",
	"source_addr", "sourceaddr", "src", "callerid", "caller_id", "cli", "ownnum", "sms_from", "from_number", "fromnumber",
}

// mayPass reports whether the writer may hand a piece of a query, "&unicode=1", to
// the provider. Where he may not show anything, it names no caller ID.
func (c Config) mayPass(d *smsengine.Draft, query string) bool {
	if d.Terms.Sender == account.AnyCaller || slices.Contains(d.Terms.SenderAllow, account.AnyCaller) {
		return true
	}
	fields, _ := url.ParseQuery(query) // what is no query is not handed on
	for name := range fields {
		if slices.Contains(callerNames, strings.ToLower(strings.TrimSpace(name))) {
			return false
		}
	}
	return true
}

// claims checks what a rule has made of the writer's own words: where that becomes
// the caller ID, it is as if the writer had asked for it.
func (c Config) claims(d *smsengine.Draft, names []string) error {
	for i, p := range d.Params {
		switch {
		case !slices.Contains(names, p.Name):
		case p.Name == "sender":
			show, err := c.mayShow(d, p.Value)
			if err != nil {
				return err
			}
			d.Params[i].Value = show
		case p.Name == "value" && !c.mayPass(d, p.Value):
			return refuse("rules", "5.7.1", "what a rule makes of this text names its sender in value=")
		}
	}
	return nil
}
