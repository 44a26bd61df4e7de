package config

import (
	"fmt"
	"maps"
	"net/mail"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine/phone"
)

// check finds what no single key shows to be wrong. It looks at the file only,
// never at the machine.
func (r *reader) check() {
	c := r.cfg
	r.checkSite(c)
	r.checkDomains(c)
	c.complete()
	r.checkDoors(c)
	r.checkMail(c)
	r.checkQueue(c)
	r.checkGateways(c)
}

// bad reports a problem at a key, unless its value could not even be read.
func (r *reader) bad(key, remedy, format string, args ...any) {
	if r.wrong[key] {
		return
	}
	r.problems = append(r.problems, Problem{
		File: r.file, Line: r.at(key), Key: key,
		What: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// at is the line of a key, or of the nearest table around it; 0 if neither is in
// the file.
func (r *reader) at(key string) int {
	for key != "" {
		if line, ok := r.lines[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexByte(key, '.'), 0)]
	}
	return 0
}

// given reports whether the file has the key; what follows from other keys is
// only as right as they are.
func (r *reader) given(key string) bool {
	_, ok := r.lines[key]
	return ok
}

// choice demands that a key has one of the words.
func (r *reader) choice(key, got string, words ...string) {
	if !slices.Contains(words, got) {
		r.bad(key, fmt.Sprintf("write %q", words[0])+orWords(words[1:]), "%q is not a choice", got)
	}
}

func orWords(words []string) string {
	s := ""
	for _, w := range words {
		s += fmt.Sprintf(" or %q", w)
	}
	return s
}

func (r *reader) checkSite(c *Config) {
	if !filepath.IsAbs(c.State) {
		r.bad("state", `write a path that begins with "/"`, "%q depends on where Postel is started", c.State)
	}
	if phonenumbers.GetCountryCodeForRegion(c.Region) == 0 {
		r.bad("region", `write two capital letters, such as "US" or "DE"`, "no country has the code %q", c.Region)
	}
	r.choice("log.level", c.Log.Level, "debug", "info", "warn", "error")
	r.choice("log.format", c.Log.Format, "text", "json")
	r.choice("access.senders", c.Access.Senders, "own", "any")
	r.choice("queue.repeat_unsure", c.Queue.RepeatUnsure, "never", "once")
	if c.Access.MaxParts < 1 || c.Access.MaxParts > 128 {
		r.bad("access.max_parts", "write 1 to 128", "a text cannot have %d parts", c.Access.MaxParts)
	}
	if c.Access.MonthlyLimit < 0 {
		r.bad("access.monthly_limit", "write 0 for no limit", "%d is less than nothing", c.Access.MonthlyLimit)
	}
}

var (
	domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	numberForm = regexp.MustCompile(`^(\+[0-9]{5,15}|[0-9]{3,8})$`)
	idForm     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
)

func (r *reader) checkDomains(c *Config) {
	r.domains("address.phone_domains", c.Address.PhoneDomains)
	r.domains("address.domains", c.Address.Domains)
	r.domains("access.domains", c.Access.Domains)
	for _, d := range c.Address.Domains {
		if slices.Contains(c.Address.PhoneDomains, d) {
			r.bad("address.domains", "list it once: as a phone domain if it has no mailboxes", "%s is a phone domain as well", d)
		}
	}
	for _, d := range c.Access.Domains {
		if slices.Contains(c.Address.PhoneDomains, d) {
			r.bad("access.domains", "list the domain that its users authenticate with", "%s is a phone domain, which has no users", d)
		}
	}
	if len(c.Address.Prefixes) == 0 && len(c.Address.Domains) > 0 && !c.Address.BareNumbers {
		r.bad("address.prefixes", `write ["sms"]`, "without a prefix no address in %s is a phone", c.Address.Domains[0])
	}
	for _, s := range c.Address.ShortCodes {
		if !numberForm.MatchString(s) || s[0] == '+' {
			r.bad("address.short_codes", "write 3 to 8 digits", "%q is not a short code", s)
		}
	}
	if len(r.problems) == 0 { // the parser has the last word
		if _, err := phone.New(c.Phones()); err != nil {
			r.bad("address.prefixes", `write it as in "sms" or "smsp?maxmsgs=7"`, "%s", err)
		}
	}
}

// domains checks a list of domains and brings it to lower case.
func (r *reader) domains(key string, list []string) {
	for i, d := range list {
		list[i] = strings.ToLower(d)
		switch {
		case !domainForm.MatchString(list[i]):
			r.bad(key, `write it as in "example.org", without "@" and dot at the end`, "%q is not a domain", d)
		case slices.Contains(list[:i], list[i]):
			r.bad(key, "list it once", "%s stands there twice", d)
		}
	}
}

// checkDoors is about the sockets that the mail server reaches.
func (r *reader) checkDoors(c *Config) {
	used := map[Endpoint]string{}
	for _, d := range c.Doors() {
		key := d.Name + ".listen"
		if other, ok := used[d.Listen]; ok && !strings.HasSuffix(d.Listen.Address, ":0") {
			r.bad(key, "give each its own socket", "%s is the socket of %s already", d.Listen, other)
		}
		used[d.Listen] = key
		if d.Name != "control" && len(c.Address.PhoneDomains)+len(c.Address.Domains) == 0 {
			r.bad(key, "set address.phone_domains or address.domains", "no domain has phones, so nothing could arrive here")
		}
		if d.Mode&0o002 != 0 && d.Listen.Network == "unix" && slices.Contains(d.Peers, "*") {
			r.bad(d.Name+".mode", "write 0660, or name the peers", "%04o lets every user of this machine connect", uint32(d.Mode))
		}
	}
	if doors := c.Doors(); len(doors) > 1 && len(c.Access.Domains) == 0 {
		r.bad("access.domains", "list the domains whose users may send", "nobody may send, so %s would refuse everything", doors[1].Name)
	}
	r.checkServer("lmtp", c.LMTP.Listen, &c.LMTP.Server)
	r.checkServer("smtp", c.SMTP.Listen, &c.SMTP.Server)
	if c.Control.Listen.Network == "tcp" {
		r.bad("control.listen", `write "unix:/path"`, "a TCP socket would let every user of this machine send")
	}
}

func (r *reader) checkServer(name string, listen Endpoint, l *Server) {
	if l.Trust && listen.Network == "tcp" {
		at, err := netip.ParseAddrPort(strings.Replace(listen.Address, "localhost", "127.0.0.1", 1))
		if err != nil || !at.Addr().IsLoopback() {
			r.bad(name+".trust", "use trusted_networks, or listen on 127.0.0.1", "with %s everybody on the network could send texts at your cost", listen)
		}
	}
	for _, n := range l.TrustedNetworks {
		if p, err := netip.ParsePrefix(n); err != nil {
			r.bad(name+".trusted_networks", `write it as in "192.0.2.0/28" or "2001:db8::1/128"`, "%q is not a network", n)
		} else if p.Bits() == 0 {
			r.bad(name+".trusted_networks", "name the networks that you run", "%s is the whole world, which could send texts at your cost", n)
		}
	}
	if l.MaxSize <= 0 {
		r.bad(name+".max_size", `write a size such as "10MB"`, "no mail fits into nothing")
	}
	if l.MaxRecipients < 1 {
		r.bad(name+".max_recipients", "write 100 or more (RFC 5321, 4.5.3.1.8)", "no mail could have a recipient")
	}
	if l.MaxConnections < 1 {
		r.bad(name+".max_connections", "write 1 or more", "nobody could connect")
	}
}

func (r *reader) checkMail(c *Config) {
	to, err := c.Mail.Target()
	switch {
	case err != nil:
		r.bad("mail.to", `write "smtp:host:port", "lmtp:unix:/path" or "maildir:/path"`, "%s", err)
	case !to.Socket.IsZero() && (to.Socket == c.LMTP.Listen || to.Socket == c.SMTP.Listen):
		r.bad("mail.to", "name the mail server", "this is Postel's own server: answers would go round in circles")
	}
	if c.Mail.Domain == "" {
		r.bad("mail.domain", "set address.phone_domains, address.domains or mail.domain", "answers from phones would have no address")
	} else if r.given("mail.domain") {
		list := []string{c.Mail.Domain}
		r.domains("mail.domain", list)
		c.Mail.Domain = list[0]
	}
	r.pattern("mail.from", c.Mail.From)
	if r.given("mail.postmaster") {
		r.mailbox("mail.postmaster", c.Mail.Postmaster)
	}
}

// pattern checks the address that texts come from.
func (r *reader) pattern(key, pattern string) {
	if _, err := mailbridge.ParsePattern(pattern, "example.org"); err != nil {
		r.bad(key, `write it as in "%s@sms.example.org"`, "%s", err)
	}
}

// mailbox checks an address and reports whether it is one.
func (r *reader) mailbox(key, addr string) bool {
	if a, err := mail.ParseAddress(addr); err != nil || a.Address != addr {
		r.bad(key, `write it as in "office@example.org"`, "%q is not a mail address", addr)
		return false
	}
	return true
}

func (r *reader) checkQueue(c *Config) {
	q := &c.Queue
	if q.Expiry <= 0 {
		r.bad("queue.expiry", `write a time such as "5d"`, "every text would be given up at once")
	}
	if q.DelayWarning > 0 && q.DelayWarning >= q.Expiry {
		r.bad("queue.delay_warning", `write a shorter time, or "0" for no warning`, "after %s a text has been given up already (queue.expiry is %s)", q.DelayWarning, q.Expiry)
	}
	if q.RetryFirst <= 0 {
		r.bad("queue.retry_first", `write a time such as "1m"`, "a gateway that fails would be tried without rest")
	}
	if q.RetryMax < q.RetryFirst {
		r.bad("queue.retry_max", "write a time that is not shorter than queue.retry_first", "%s is shorter than the first wait, %s", q.RetryMax, q.RetryFirst)
	}
	if q.Incomplete <= 0 {
		r.bad("queue.incomplete", `write a time such as "24h"`, "no long text from a phone could be put together")
	}
}

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
		case g.ID == "mail":
			r.bad(key+".id", "choose another", `"mail" is the name of the mail server`)
		case ids[g.ID]:
			r.bad(key+".id", "give each gateway a name of its own", "a gateway before this one has the name %q", g.ID)
		}
		ids[g.ID] = true
		r.checkGateway(g, key)
	}
}

func (r *reader) checkGateway(g *Gateway, key string) {
	if make, ok := r.drivers[g.Type]; !ok {
		r.bad(key+".type", suggest(g.Type, slices.Sorted(maps.Keys(r.drivers))), "there is no driver %q", g.Type)
	} else if g.Options == nil {
		g.Options = make()
	}
	for name := range r.drivers {
		if _, there := r.lines[key+"."+name]; there && name != g.Type {
			r.bad(key+"."+name, fmt.Sprintf("remove it, or set type = %q", name), "the gateway's type is %q", g.Type)
		}
	}
	if !numberForm.MatchString(g.Number) {
		r.bad(key+".number", `write it with "+" and country code, such as "+15555550100"`, "%q is not a phone number", g.Number)
	}
	if g.DefaultRecipient == "" {
		r.bad(key+".default_recipient", "name a mailbox", "texts that answer nobody would have nowhere to go")
	} else if r.mailbox(key+".default_recipient", g.DefaultRecipient) && r.isPhone(g.DefaultRecipient) {
		r.bad(key+".default_recipient", "name a mailbox", "%s is a phone: a text must not buy texts", g.DefaultRecipient)
	}
	if g.From != "" {
		r.pattern(key+".from", g.From)
	}
	if g.Concurrency < 1 {
		r.bad(key+".concurrency", "write 1 or more", "nothing could be sent")
	}
	if g.Timeout <= 0 {
		r.bad(key+".timeout", `write a time such as "1m"`, "nothing could be sent in no time")
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
