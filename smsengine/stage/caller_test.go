package stage

import (
	"errors"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// outcome is what a text shows as its sender, or why it is refused.
func outcome(t *testing.T, c Config, d *smsengine.Draft) string {
	t.Helper()
	if _, err := decide(t, Outgoing(c), d); err != nil {
		return "! " + smsengine.StatusOf(err).Code + " " + smsengine.StatusOf(err).Text
	}
	return named(d.Message.Body.Params, "sender")
}

// What somebody may show as the sender is what the nearest level says.
func TestCallerID(t *testing.T) {
	own := &smsengine.Policy{Sender: new("+1 555 555 0123")}
	listed := &smsengine.Policy{Sender: new("+15555550123"), SenderAllow: []string{"own", "Example", "+1444*"}}
	for _, x := range []struct {
		name                string
		site, domain, users *smsengine.Policy
		params, want        string
	}{
		{"nothing said", nil, nil, nil, "", ""},
		{"the number of a gateway", nil, nil, nil, "?sender=%2B15555550100", "+15555550100"},
		{"a stranger's name", nil, nil, nil, "?sender=BANK", "! 5.7.1 you may not choose this sender of the text; leave sender out, or choose one of the number of a gateway"},
		{"no sender", nil, nil, nil, "?sender=", "! 5.1.3 no text can show that sender: it is empty"},
		{"too long", nil, nil, nil, "?sender=ABCDEFGHIJKL", "! 5.1.3 no text can show that sender: a name has at most 11 characters"},
		{"too many digits", nil, nil, nil, "?sender=1234567890123456", "! 5.1.3 no text can show that sender: a number has at most 15 digits"},
		{"the site's", own, nil, nil, "", "+15555550123"},
		{"the domain's", own, &smsengine.Policy{Sender: new("DOMAIN")}, nil, "", "DOMAIN"},
		{"the user's", own, &smsengine.Policy{Sender: new("DOMAIN")}, &smsengine.Policy{Sender: new("USER")}, "", "USER"},
		{"none of his own", own, nil, &smsengine.Policy{Sender: new("")}, "", ""},
		{"the own one in another form", own, nil, nil, "?sender=0115555550123", "! 5.7.1"}, // no region writes so
		{"the own one in national form", own, nil, nil, "?sender=(555) 555-0123", "+15555550123"},
		{"a name as it is spelled in the list", nil, nil, listed, "?sender=EXAMPLE", "Example"},
		{"the beginning of numbers", nil, nil, listed, "?sender=%2B14445550123", "+14445550123"},
		{"not on the list", nil, nil, listed, "?sender=%2B15555550124", "! 5.7.1 you may not choose this sender of the text; leave sender out, or choose one of +15555550123, Example, +1444*"},
		{"gateways are not on this list", nil, nil, listed, "?sender=%2B15555550100", "! 5.7.1"},
		{"the list is the domain's", listed, &smsengine.Policy{SenderAllow: []string{"DOMAIN"}}, nil, "?sender=EXAMPLE", "! 5.7.1"},
		{"nobody may choose", &smsengine.Policy{SenderAllow: []string{}}, nil, nil, "?sender=%2B15555550100", "! 5.7.1 you may not choose this sender of the text; leave sender out"},
		{"anything", &smsengine.Policy{SenderAllow: []string{"*"}}, nil, own, "?sender=BANK", "BANK"},
		{"anything, in one word", &smsengine.Policy{Sender: new("*")}, nil, nil, "?sender=BANK", "BANK"},
		{"nothing chosen of anything", &smsengine.Policy{Sender: new("*")}, nil, nil, "", ""},
		{"a query that names one", own, nil, nil, "?value=From=BANK", "! 5.7.1 value= in the address names"},
		{"behind another", own, nil, nil, "?value=%26unicode=1%26originator=BANK", "! 5.7.1 value= in the address names"},
		{"a query that names none", own, nil, nil, "?value=%26unicode=1", "+15555550123"},
		{"who may choose anything may choose it so", &smsengine.Policy{Sender: new("*")}, nil, nil, "?value=from=BANK", ""},
	} {
		c := config(t)
		c.Numbers = map[string]smsengine.Address{"office": smsengine.Phone("+15555550100")}
		c.Accounts.Site.Levels = map[string]smsengine.Policy{}
		if x.site != nil {
			c.Accounts.Site.Policy.Sender, c.Accounts.Site.Policy.SenderAllow = x.site.Sender, x.site.SenderAllow
		}
		if x.domain != nil {
			c.Accounts.Site.Levels["@example.org"] = *x.domain
		}
		if x.users != nil {
			c.Accounts.Site.Levels["john@example.org"] = *x.users
		}
		d := mailFrom("john@example.org", `"+15551234567`+x.params+`"@sms.example.org`, "hi", facts{})
		got := outcome(t, c, d)
		if refused := strings.HasPrefix(x.want, "!"); refused && !strings.HasPrefix(got, x.want) || !refused && got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// Whoever has only a key, or writes from a network, does not hear what the account
// may show.
func TestAStrangerDoesNotHearOfTheList(t *testing.T) {
	for _, method := range []string{smsengine.MethodAuth, smsengine.MethodPassword, smsengine.MethodKey, smsengine.MethodClient, smsengine.MethodLocalUser} {
		d := &smsengine.Draft{Terms: smsengine.Terms{Sender: "+15555550123", SenderAllow: []string{"SECRET"}}, Identity: smsengine.Identity{Method: method}}
		_, err := config(t).mayShow(d, "BANK")
		e, ok := errors.AsType[*smsengine.Error](err)
		if known := method == smsengine.MethodAuth || method == smsengine.MethodPassword; !ok || strings.Contains(e.Text, "SECRET") != known || strings.Contains(e.Text, "0123") != known {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// A rule says what it wants; what it repeats of the writer's words is the
// writer's, however it gets into the caller ID.
func TestRulesAndTheCallerID(t *testing.T) {
	const always = "if.always = true\n"
	for _, x := range []struct{ name, rules, to, subject, want string }{
		{"the administrator's word", one(always + "then.sender = \"BANK\""), "", "", "BANK"},
		{"in place of the writer's", one(always + "then.sender = \"BANK\""), "?sender=%2B15555550100", "", "BANK"},
		{"the phone alias", one(always + "then.sender = \"%%phonealias%%\""), "", "", "+15555550123"},
		{"the phone alias, as in the reference", one(always + "then.edit.to = { matches = '^(.*.@)(.*)$', with = '$1@$2&sender=%sender_phonealias%' }"), "?id=office", "", "+15555550123"},
		{"a subject that is allowed", one(always + "then.sender = \"%%subject%%\""), "", "example", "EXAMPLE"},
		{"a subject", one(always + "then.sender = \"%%subject%%\""), "", "BANK", "! 5.7.1"},
		{"a header", one(always + "then.sender = \"%%header.x-from%%\""), "", "", "! 5.7.1"},
		{"the text", one(always + "then.sender = \"%%text%%\""), "", "", "! 5.7.1"},
		{"nothing of it", one(always + "then.sender = \"%%subject%%\""), "", "", "+15555550123"},
		{"in a rewritten To", one(always + "then.edit.to = { matches = '^([^@]+)$', with = '$1@spare&sender=%%subject%%' }"), "", "BANK", "! 5.7.1"},
		{"a parameter within a value", one(always + "then.edit.to = { matches = '^([^@]+)$', with = '$1@spare&maxmsgs=%%subject%%' }"), "", "1&sender=BANK", "! 4.3.5"},
		{"in what is handed on", one(always + "then.edit.to = { matches = '^([^@]+)$', with = '$1@spare&value=%%subject%%' }"), "", "a=1&from=BANK", "! 5.7.1"},
		{"what the rule hands on itself", one(always + "then.edit.to = { matches = '^([^@]+)$', with = '$1@spare&value=from=BANK' }"), "", "", "+15555550123"},
		{"handed from rule to rule", one(always+"then.sender = \"%%subject%%\"") + strings.Replace(one(always+"then.sender = \"%%sender%%\""), `"x"`, `"y"`, 1), "", "BANK", "! 5.7.1"},
		{"a later rule has the last word", one(always+"then.sender = \"%%subject%%\"") + strings.Replace(one(always+"then.sender = \"OFFICE\""), `"x"`, `"y"`, 1), "", "BANK", "OFFICE"},
		{"what the writer may show stays", one(always + "then.sender = \"%%sender%%\""), "?sender=EXAMPLE", "", "EXAMPLE"},
		{"an id with a parameter in it", one(always + "then.edit.to = { matches = '^(.*)@(.*)$', with = '$1@$2&maxmsgs=2' }"), "?id=office%26sender=BANK", "", "! 5.1.3 the id in the address names no gateway"},
		{"an id with another in it", one(always + "then.edit.to = { matches = '^(.*)@(.*)$', with = '$1@$2&maxmsgs=2' }"), "?id=office?sender=BANK", "", "! 5.1.3 the id in the address names no gateway"},
	} {
		c := ruled(t, x.rules, "")
		c.Numbers = map[string]smsengine.Address{"office": smsengine.Phone("+15555550100")}
		c.Accounts.Site.Levels = map[string]smsengine.Policy{"john@example.org": {Sender: new("+15555550123"), SenderAllow: []string{"gateways", "EXAMPLE"}}}
		d := mailFrom("john@example.org", `"+15551234567`+x.to+`"@sms.example.org`, "BANK", facts{})
		d.Source.Subject = x.subject
		d.Mail = &smsengine.Mail{Subject: x.subject, Headers: []smsengine.Param{{Name: "X-From", Value: "BANK"}}}
		d.Mail.Passages = []smsengine.Passage{{Kind: smsengine.PassageOwn, Text: "BANK"}}
		if got := outcome(t, c, d); strings.HasPrefix(x.want, "!") && !strings.HasPrefix(got, x.want) || !strings.HasPrefix(x.want, "!") && got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// A text goes over the gateway whose number it is to show, or one that can show
// it; and STOP to a number, or an answer to it, is about what was shown.
func TestTheNumberThatIsShown(t *testing.T) {
	modem, provider := smsengine.Abilities{}, smsengine.Abilities{Sender: true}
	office, spare, theirs := smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101"), smsengine.Phone("+15551234567")
	john, mary := smsengine.Mailbox("john@example.org"), smsengine.Mailbox("mary@example.org")
	for _, x := range []struct {
		name, sender  string
		office, spare smsengine.Abilities
		facts         facts
		want          string
	}{
		{"any", "", modem, modem, facts{}, "office spare"},
		{"the number of a modem", spare.Value, modem, modem, facts{}, "spare"},
		{"or who can show it", spare.Value, provider, modem, facts{}, "office spare"},
		{"who can show it", "+15555550123", modem, provider, facts{}, "spare"},
		{"STOP to what is shown", spare.Value, provider, modem, facts{stopped: []smsengine.Address{spare}}, "!"},
		{"STOP to what could have been shown", "", provider, modem, facts{stopped: []smsengine.Address{spare}}, "office"},
		{"STOP to the gateway's own", "+15555550123", provider, provider, facts{stopped: []smsengine.Address{office}}, "spare"},
		{"another's answer", "", provider, provider, facts{links: []smsengine.Link{{Ours: office, Theirs: theirs, Sender: mary}}}, "spare"},
		{"not to what is shown", "+15555550123", provider, provider, facts{links: []smsengine.Link{{Ours: office, Theirs: theirs, Sender: mary}}}, "office spare"},
		{"both show what another shows, too", "+15555550123", provider, provider, facts{links: []smsengine.Link{{Ours: smsengine.Phone("+15555550123"), Theirs: theirs, Sender: mary}}}, "office spare"},
		{"the two know another", "", provider, provider, facts{links: []smsengine.Link{{Ours: spare, Theirs: theirs, Sender: john}}}, "spare"},
	} {
		c := config(t)
		c.Numbers = map[string]smsengine.Address{"office": office, "spare": spare}
		c.Ways = map[string]Way{"office": {Can: &x.office}, "spare": {Can: &x.spare}}
		c.Accounts.Site.Policy.SenderAllow = []string{"*"}
		to := "+15551234567"
		if x.sender != "" {
			to += "?sender=" + strings.Replace(x.sender, "+", "%2B", 1)
		}
		d := mailFrom("john@example.org", `"`+to+`"@sms.example.org`, "hi", x.facts)
		_, err := decide(t, Outgoing(c), d)
		if (err != nil) != (x.want == "!") || err == nil && d.Message.Route.String() != x.want {
			t.Errorf("%s: %s, %v; want %s", x.name, d.Message.Route, err, x.want)
		}
	}
}
