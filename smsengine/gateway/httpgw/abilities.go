package httpgw

import (
	"io/fs"
	"slices"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/sms"
)

// Abilities are those that the provider's file tells of, which is looked for in
// the folders, the first first, and the URL that the site has written. Whoever may
// not read that gets what the file says.
func (c *Config) Abilities(files ...fs.FS) (smsengine.Abilities, error) {
	p, err := provider.Load(c.Provider, files...)
	if err != nil {
		return smsengine.Abilities{}, err
	}
	request := composer{send: &p.Send, url: p.Send.URL}
	if values, err := settings(p, *c); err == nil {
		if own, err := newComposer(p, values); err == nil {
			request = own
		}
	}
	return abilities(p, request), nil
}

// abilities are what a provider carries, in the request that is made for it. One
// that cuts texts itself is told of no national tables, and takes data in one
// part. What is not certain from the request, it can.
func abilities(p *provider.Provider, request composer) smsengine.Abilities {
	a := smsengine.Abilities{Alphabets: p.Alphabets, MaxParts: p.MaxParts, Receipts: p.Receipts != nil}
	if p.Splits == provider.ByProvider {
		a.National, a.Octets = true, 1
	}
	all := append(p.Send.Templates(), request.url)
	uses := func(name string) bool {
		return slices.ContainsFunc(all, func(t provider.Template) bool { return t.Uses(name) })
	}
	site := request.url.Source != p.Send.URL.Source
	unread := slices.ContainsFunc(p.Needs, func(n provider.Need) bool { return n.Template }) && !site
	if a.Sender = unread || uses("sender") || uses("sender_phonealias"); site {
		a.Alphabets = stated(all, p.Alphabets)
		a.Bare = !uses("udh")
	}
	return a
}

// stated are those alphabets in which a request says what a text says.
func stated(request []provider.Template, alphabets []string) []string {
	some := func(is func(provider.Template) bool) bool { return slices.ContainsFunc(request, is) }
	var kept []string
	for _, name := range alphabets {
		alphabet := sms.GSM7
		switch name {
		case sms.UCS2.String():
			alphabet = sms.UCS2
		case sms.Binary.String():
			alphabet = sms.Binary
		}
		carries := some(func(t provider.Template) bool { return t.Parsed() != nil && t.Parsed().Carries(alphabet) })
		tells := alphabet != sms.Binary || some(func(t provider.Template) bool { return t.Parsed() != nil && t.Parsed().TellsBinary() })
		if carries && tells {
			kept = append(kept, name)
		}
	}
	if kept == nil { // a URL that says nothing of the text: it is wanted so
		return alphabets
	}
	return kept
}
