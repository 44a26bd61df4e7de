package rule

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// load compiles rules that must be right.
func load(t testing.TB, d Direction, doc string) *Set {
	t.Helper()
	s, err := Parse(fstest.MapFS{}, "rules.toml", []byte(doc), d, Site{
		Gateways: []string{"us", "eu", "gatewayid", "usgatewayid", "24"}, Domains: []string{"sms.example.org"},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return s
}

// The reference's own examples ("Applications"), with their patterns as printed.
func TestReference(t *testing.T) {
	unrouted := Facts{To: "+15551234567", From: "john@example.org", Text: "Hello"}
	routed := unrouted
	routed.Gateway = "eu"
	abroad := unrouted
	abroad.To = "+420776047467"
	phone := Facts{From: "+15551234567", To: "+15555550100", Gateway: "24", Text: "Hi & bye"}
	other := phone
	other.From = "+15550000000"

	for _, c := range []struct {
		name  string
		d     Direction
		doc   string
		facts Facts
		want  func(Decision) bool
	}{
		{"least cost: is no gateway named? take one", Outgoing, leastCost, unrouted, gateways("gatewayid")},
		{"least cost: a gateway is named", Outgoing, leastCost, routed, gateways()},
		{"least cost: not a pattern", Outgoing, `
			[[rule]]
			title = "To a gateway"
			if.routed = false
			then.edit.to = "%%To%%@gatewayid"`, unrouted, gateways("gatewayid")},
		{"least cost: by prefix", Outgoing, byPrefix, unrouted, gateways("usgatewayid")},
		{"least cost: another prefix", Outgoing, byPrefix, abroad, gateways()},
		{"sender validation: a valid one", Incoming, validSender, phone, to("john.doe@example.org")},
		{"sender validation: another one", Incoming, validSender, other, to("")},
		{"caller ID", Outgoing, callerID, with(routed, func(f *Facts) { f.PhoneAlias = "+15555550123" }), func(d Decision) bool {
			return d.Changes.Sender == "+15555550123" && d.Changes.To == "" && len(d.Changes.Gateways) == 0
		}},
		{"caller ID: no number of one's own", Outgoing, callerID, routed, func(d Decision) bool { return d.Changes.Sender == "" && d.Verdict == GoOn }},
		{"caller ID: not routed, so the pattern is not there", Outgoing, callerID, with(unrouted, func(f *Facts) { f.PhoneAlias = "+15555550123" }), func(d Decision) bool {
			return d.Changes.Sender == ""
		}},
		{"is @ present", Outgoing, `
			[[rule]]
			title = "No gateway yet"
			if.address.matches = '(.?[\d]*)(?!@)'
			then.tag = "seen"`, unrouted, func(d Decision) bool { return strings.Join(d.Changes.Tags, "") == "seen" }},
		{"archive", Outgoing, `
			[[rule]]
			title = "Archive to Email Account"
			if.always = true
			then.edit.header.X-SMS-From = "%%from%%"
			then.archive = "sms-archive@example.org"`, unrouted, func(d Decision) bool {
			m, ok := d.Effects[0].(Mail)
			return ok && m.Archive && m.To == "sms-archive@example.org" && m.Text == "Hello" && m.Number == "+15551234567" &&
				m.Headers[0] == Header{"X-SMS-From", "john@example.org"}
		}},
		{"filter by content", Outgoing, `
			[[rule]]
			title = "Content"
			if.text.contains = "hello"
			then.copy = "boss@example.org"`, unrouted, func(d Decision) bool { return d.Effects[0].(Mail).To == "boss@example.org" }},
		{"two servers", Incoming, `
			[[rule]]
			title = "Application Execution"
			if.always = true
			then.call = "https://server2.example.org/sms/deliver.html?number=%%from%%&id=24&data=%%body%%&pass=1234567"`, phone, func(d Decision) bool {
			r, err := d.Effects[0].(Call).Fill()
			return err == nil && r.Method == http.MethodGet &&
				r.URL == "https://server2.example.org/sms/deliver.html?number=%2B15551234567&id=24&data=Hi+%26+bye&pass=1234567"
		}},
		{"CRM database statement", Outgoing, `
			[[rule]]
			title = "CRM Database Statement"
			if.always = true
			then.sql = { database = "crm", statement = "insert into sms values (%%to%%, %%text%%)" }`, unrouted, func(d Decision) bool {
			q, vs, err := d.Effects[0].(SQL).Bind(func(int) string { return "?" })
			return err == nil && q == "insert into sms values (?, ?)" && vs[0] == "+15551234567" && vs[1] == "Hello"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.facts.At = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			if d := load(t, c.d, c.doc).Decide(c.facts); !c.want(d) {
				t.Errorf("%+v", d)
			}
		})
	}
}

const leastCost = `
	[[rule]]
	title = "Least Cost Routing"
	if.always = true
	then.edit.to = { matches = '^(?!.*@)(.*)$', with = '$1@gatewayid' }`

const byPrefix = `
	[[rule]]
	title = "USA"
	if.always = true
	then.edit.to = { matches = '^(\+1)(.*)', with = '$1$2@usgatewayid' }`

const validSender = `
	[[rule]]
	title = "Valid senders"
	if.from.matches = '(\+15551234567)|(\+15551238866)'
	then.forward = "john.doe@example.org"`

const callerID = `
	[[rule]]
	title = "Caller ID"
	if.always = true
	then.edit.to = { matches = '^(.*.@)(.*)$', with = '$1@$2&sender=%sender_phonealias%' }`

func gateways(names ...string) func(Decision) bool {
	return func(d Decision) bool {
		var got []string
		for _, c := range d.Changes.Gateways {
			got = append(got, c.Name)
		}
		return d.Verdict == GoOn && d.Changes.To == "" && strings.Join(got, " ") == strings.Join(names, " ")
	}
}

func to(address string) func(Decision) bool {
	return func(d Decision) bool { return d.Verdict == GoOn && d.Changes.To == address && len(d.Effects) == 0 }
}

func with(f Facts, change func(*Facts)) Facts {
	change(&f)
	return f
}
