package config

import (
	"net/mail"
	"net/netip"
	"slices"
	"strings"

	"github.com/postel-mail/postel/mailbridge"
)

// checkDoors is about the sockets that the mail server reaches.
func (r *reader) checkDoors(c *Config) {
	used := map[Endpoint]string{}
	for _, d := range c.Doors() {
		key := d.Key()
		if other, ok := used[d.Listen]; ok && !strings.HasSuffix(d.Listen.Address, ":0") {
			r.bad(key, "give each its own socket", "%s is the socket of %s already", d.Listen, other)
		}
		used[d.Listen] = key
		if d.Name != "control" && len(c.Address.PhoneDomains)+len(c.Address.Domains) == 0 {
			r.bad(key, "set address.phone_domains or address.domains", "no domain has phones, so nothing could arrive here")
		}
		if d.Mode&0o002 != 0 && d.Listen.Network == "unix" && slices.Contains(d.Peers, "*") {
			r.bad(d.Table()+".mode", "write 0660, or name the peers", "%04o lets every user of this machine connect", uint32(d.Mode))
		}
	}
	if doors := c.Doors(); len(doors) > 1 && len(c.Access.Domains) == 0 {
		r.bad("access.domains", "list the domains whose users may send", "nobody may send, so %s would refuse everything", doors[1].Name)
	}
	r.checkServer("lmtp", c.LMTP.Listen, &c.LMTP.Server)
	r.checkServer("smtp", c.SMTP.Listen, &c.SMTP.Server)
	r.checkSubmission(c)
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
		r.bad("mail.to", `write "smtp:host:port", "lmtp:unix:/path", "maildir:/path" or "imap"`, "%s", err)
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
