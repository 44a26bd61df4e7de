package setup

import (
	"slices"
	"strings"
)

// number is the phone that the probes of a check are addressed to. No mail is
// sent.
const number = "+15551234567"

// phones are addresses that must reach Postel.
func (c *checker) phones() (all []string) {
	for _, d := range c.site.PhoneDomains {
		all = append(all, number+"@"+d, "sms:"+number+"@"+d)
	}
	for _, d := range c.site.Domains {
		all = append(all, "sms:"+number+"@"+d, `"sms:`+number+`"@`+d, "SMS="+number+"@"+d)
	}
	return all
}

// strangers are addresses that look like phones and are somebody else's.
func (c *checker) strangers() []string {
	all := []string{"sms:" + number + "@elsewhere.example", `"sms:` + number + `"@[192.0.2.1]`, number + "@elsewhere.example"}
	for _, d := range slices.Concat(c.site.PhoneDomains, c.site.Domains) {
		all = append(all, "sms:"+number+"@"+d+".elsewhere.example", "sms:"+number+"@x"+d)
		if i := strings.LastIndexByte(d, '.'); i > 0 {
			all = append(all, "sms:"+number+"@"+d[:i]+"x"+d[i+1:])
		}
	}
	for _, d := range c.site.Domains {
		all = append(all, "smith@"+d)
	}
	return all
}

// partial reports whether a kind of table is asked for parts of an address.
func partial(table string) bool {
	kind, _, _ := strings.Cut(strings.TrimPrefix(table, "proxy:"), ":")
	return !slices.Contains([]string{"regexp", "pcre", "cidr", "tcp"}, kind)
}

// keys are what an address is looked up by: as it is, without quotes, then its
// domain and those above it.
func keys(addr string) []string {
	i := strings.LastIndexByte(addr, '@')
	all := []string{addr}
	if bare := strings.Trim(addr[:i], `"`); bare != addr[:i] {
		all = append(all, bare+addr[i:])
	}
	domain := addr[i+1:]
	all = append(all, domain)
	for i := strings.IndexByte(domain, '.'); i >= 0; i = strings.IndexByte(domain, '.') {
		all = append(all, domain[i:])
		domain = domain[i+1:]
	}
	return all
}

// domains looks at the class of each domain.
func (c *checker) domains() {
	for _, d := range c.site.PhoneDomains {
		in, err := c.Classes(c.ctx, d)
		if err != nil {
			c.doubtful("run this as root", "it cannot be seen everywhere whether %s is listed: %s", d, err)
		}
		switch {
		case len(in) == 0 && c.relayedWithParent(d):
		case len(in) == 0:
			c.wrong("add it: postel setup postfix", "the phone domain %s is not in relay_domains: strangers' mail for it, and answers to answers, get \"Relay access denied\"", d)
		case len(in) > 1:
			c.wrong("leave it in relay_domains alone", "%s is listed twice, in %s and in %s", d, in[0], in[1])
		case in[0] != Relay:
			c.wrong("move it to relay_domains", "the phone domain %s is in %s, so Postfix looks for mailboxes in it", d, in[0])
		default:
			c.fine("%s is a relay domain", d)
		}
	}
	for _, d := range c.site.Domains {
		in, err := c.Classes(c.ctx, d)
		switch {
		case len(in) > 1:
			c.wrong("leave it in one of them", "%s is listed twice, in %s and in %s", d, in[0], in[1])
		case len(in) == 0 && err == nil:
			c.wrong("take it out of address.domains, or make it a domain of this Postfix", "%s is no domain of this Postfix", d)
		case len(in) == 1 && in[0] == Alias:
			c.wrong("use a phone domain", "%s is in virtual_alias_domains, where every address is rewritten to another", d)
		}
	}
}

// relayedWithParent reports whether a domain is a relay domain because one above
// it is.
func (c *checker) relayedWithParent(domain string) bool {
	if !slices.Contains(split(c.Full["parent_domain_matches_subdomains"]), "relay_domains") {
		return false
	}
	_, parent, ok := strings.Cut(domain, ".")
	if !ok {
		return false
	}
	listed, err := c.Lists(c.ctx, c.Full["relay_domains"], parent)
	return err == nil && listed || c.relayedWithParent(parent)
}

// routes looks where transport_maps sends phones, and who else goes there.
func (c *checker) routes() {
	if c.site.LMTP == "" {
		return
	}
	next := nexthop(c.site.LMTP)
	good := 0
	for _, addr := range c.phones() {
		route, table := c.first("transport_maps", keys(addr)...)
		transport, to, _ := strings.Cut(route, ":")
		s, known := c.Service(transport + "/unix")
		switch {
		case route == "":
			c.wrong("add the table to transport_maps: postel setup postfix", "transport_maps has no route for %s", addr)
		case !c.sameSocket(to, next, false):
			c.wrong("put Postel's table in front of "+table, "transport_maps sends %s to %s, not to %s", addr, route, next)
		case !known:
			c.wrong("add it: postel setup postfix", "master.cf has no transport %q, to which transport_maps sends %s", transport, addr)
		case s.Command != "lmtp":
			c.wrong("it should run lmtp", "the transport %s of master.cf runs %s", transport, s.Command)
		default:
			good++
		}
	}
	for _, addr := range c.strangers() {
		if route, table := c.first("transport_maps", keys(addr)...); route != "" {
			if _, to, _ := strings.Cut(route, ":"); c.sameSocket(to, next, false) {
				c.wrong(`end the pattern with the whole domain: @example\.org$/`, "%s takes mail for %s away, which is not a phone of ours", table, addr)
				good = -1
			}
		}
	}
	if good == len(c.phones()) {
		c.fine("transport_maps sends phones to Postel, and nothing else")
	}
}

// recipients looks whether Postfix knows that phones exist.
func (c *checker) recipients() {
	for _, d := range c.site.PhoneDomains {
		c.listed(Relay, number+"@"+d)
	}
	for _, d := range c.site.Domains {
		if in, _ := c.Classes(c.ctx, d); len(in) > 0 && in[0] != Alias { // else domains has said it
			c.listed(in[0], "sms:"+number+"@"+d)
		}
	}
}

// listed looks for a phone in the recipients of a class. If the list is empty,
// all recipients exist.
func (c *checker) listed(class Class, addr string) {
	maps := class.recipients()
	if c.Full[maps] == "" {
		return
	}
	if v, _ := c.first(maps, addr, addr[strings.LastIndexByte(addr, '@'):]); v == "" {
		c.wrong("put regexp:$config_directory/"+recipientTable+" in front of "+maps+": postel setup postfix",
			"%s does not know %s, which gets \"User unknown\" before Postel is asked", maps, addr)
	}
}

// aliases looks for what rewrites phones before they are routed.
func (c *checker) aliases() {
	for _, d := range c.site.Domains {
		if to, err := c.catchAll(c.ctx, d); err == nil && to != "" {
			if v, _ := c.first("virtual_alias_maps", `"sms:`+number+`"@`+d); v == "" || v == to {
				c.wrong("put a regexp table in front of it with  /^(\"?sms[:=].*@"+strings.ReplaceAll(d, ".", `\.`)+")$/ $1",
					"virtual_alias_maps sends every address of %s to %s, phones too", d, to)
			}
		}
	}
	for _, name := range []string{"recipient_canonical_maps", "canonical_maps"} {
		for _, addr := range c.phones() {
			if to, table := c.first(name, keys(addr)[0]); to != "" && !strings.EqualFold(to, addr) {
				c.wrong("leave phones out of "+table, "%s rewrites %s to %s", name, addr, to)
			}
		}
	}
}

// senders looks for what rewrites the envelope sender behind the milter: the
// ticket is for the sender that the milter has seen.
func (c *checker) senders() {
	for _, d := range c.site.Users {
		addr := "smith@" + d
		for _, m := range []struct{ maps, classes string }{
			{"sender_canonical_maps", "sender_canonical_classes"}, {"canonical_maps", "canonical_classes"}, {"lmtp_generic_maps", ""},
		} {
			if m.classes != "" && !slices.Contains(split(c.Full[m.classes]), "envelope_sender") {
				continue
			}
			to, table := c.first(m.maps, addr, "@"+d)
			if to != "" && !strings.EqualFold(to, addr) {
				c.wrong("leave the envelope sender alone ("+classesHint(m.classes)+")",
					"%s (%s) rewrites the sender %s to %s, so the ticket of the mail is for somebody else and Postel refuses it", m.maps, table, addr, to)
			}
		}
		for _, m := range split(c.Full["masquerade_domains"]) {
			if strings.HasSuffix(d, "."+strings.TrimPrefix(m, ".")) && slices.Contains(split(c.Full["masquerade_classes"]), "envelope_sender") {
				c.wrong("masquerade_classes = header_sender, header_recipient", "masquerade_domains rewrites the senders of %s, so the ticket of their mail is for somebody else", d)
			}
		}
	}
}

func classesHint(parameter string) string {
	if parameter == "" {
		return "-o lmtp_generic_maps= for the transport in master.cf"
	}
	return parameter + " = header_sender, header_recipient"
}
