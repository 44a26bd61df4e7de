package setup

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// Traps looks for what is known to go wrong between a Sendmail and Postel. It
// changes nothing.
func (s *Sendmail) Traps(ctx context.Context, site Site) []Finding {
	c := &sendmailChecker{Sendmail: s, ctx: ctx, site: site}
	for _, look := range []func(){c.filter, c.guard, c.domains, c.signIn, c.waiting, c.sockets} {
		look()
	}
	return c.found
}

// sendmailChecker collects findings.
type sendmailChecker struct {
	*Sendmail
	ctx   context.Context
	site  Site
	found []Finding
}

func (c *sendmailChecker) wrong(remedy, format string, args ...any) {
	c.found = append(c.found, Finding{Wrong, fmt.Sprintf(format, args...), remedy})
}

func (c *sendmailChecker) doubtful(remedy, format string, args ...any) {
	c.found = append(c.found, Finding{Doubtful, fmt.Sprintf(format, args...), remedy})
}

func (c *sendmailChecker) fine(format string, args ...any) {
	c.found = append(c.found, Finding{Fine, fmt.Sprintf(format, args...), ""})
}

const addM4 = "include postel.m4 in sendmail.mc, and make sendmail.cf anew: postel setup sendmail"

// filter looks at the INPUT_MAIL_FILTER line, which is an X in sendmail.cf.
func (c *sendmailChecker) filter() {
	if c.site.Milter == "" {
		c.doubtful("set milter.listen in postel.toml", "Postel has no milter, so it does not learn who has signed in")
		return
	}
	want := sendmailSocket(c.site.Milter)
	name, equates := "", ""
	for _, x := range c.statement(`X(.*)$`) {
		n, rest, _ := strings.Cut(x, ",")
		if equate(rest, "S") == want || equate(rest, "S") == strings.Replace(want, "unix:", "local:", 1) {
			name, equates = strings.TrimSpace(n), rest
		}
	}
	if name == "" {
		c.wrong(addM4, "no INPUT_MAIL_FILTER names Postel's milter, S=%s", want)
		return
	}
	filters := split(c.option("InputMailFilters"))
	if !slices.Contains(filters, name) && !slices.ContainsFunc(c.statement(`O[ \t]+DaemonPortOptions=(.*)$`), func(o string) bool {
		return slices.Contains(strings.FieldsFunc(equate(o, "InputMailFilters"), func(r rune) bool { return r == ';' }), name)
	}) {
		c.wrong("add it to confINPUT_MAIL_FILTERS, or write INPUT_MAIL_FILTER in place of MAIL_FILTER", "the milter %s is defined and never asked", name)
	}
	switch equate(equates, "F") {
	case "T":
		c.doubtful("leave F= out, unless phones matter more than ordinary mail", "while Postel is down, F=T of the milter %s has all mail wait at its senders", name)
	case "R":
		c.wrong("leave F= out", "while Postel is down, F=R of the milter %s refuses all mail", name)
	}
	for i, f := range filters {
		if j := slices.Index(filters, name); j >= 0 && i < j && signer.MatchString(f) && !c.site.Take {
			c.doubtful("put "+name+" in front of it", "the milter %s is asked before Postel's: it signs headers that Postel then takes out", f)
		}
	}
	c.fine("the milter %s is Postel's", name)
}

// guard looks for the socket map that asks whether Postel is there.
func (c *sendmailChecker) guard() {
	if c.site.Policy == "" {
		c.wrong("set policy.listen in postel.toml", "nobody answers the guard, so mail for phones is told to wait for ever")
		return
	}
	for _, m := range c.statement(`K[[:alnum:]]+[ \t]+socket[ \t]+(.*)$`) {
		if strings.HasSuffix(strings.TrimSpace(m), sendmailSocket(c.site.Policy)) {
			c.fine("the guard asks Postel")
			return
		}
	}
	c.wrong(addM4, "no socket map asks Postel's policy socket: mail for phones is taken while Postel is down, and what users sent comes back")
}

// equate is the value of "S=…" in a list of equates.
func equate(list, key string) string {
	for _, e := range strings.Split(list, ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(e), "="); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// domains looks at class w and at the mailer table.
func (c *sendmailChecker) domains() {
	kind, file, has := c.table("mailertable")
	if !has {
		c.wrong("FEATURE(`mailertable')dnl in sendmail.mc: postel setup sendmail", "there is no mailer table, so nothing sends phones to Postel")
		return
	}
	for _, d := range c.site.PhoneDomains {
		if local, err := c.isLocal(c.ctx, d); err != nil {
			c.doubtful("run this as root", "it cannot be seen whether %s is in class w: %s", d, err)
		} else if local {
			c.wrong("take it out of local-host-names: the phone domain must be one of its own", "%s is in class w, so Sendmail looks for mailboxes in it", d)
		}
		entry, err := c.entry(file, d)
		switch {
		case err != nil:
			c.doubtful("run this as root", "%s cannot be read: %s", file, err)
		case entry == "":
			c.wrong("add  "+d+"  postel:localhost  to it: postel setup sendmail", "%s has no line for %s", file, d)
		default:
			c.target(file, d, entry)
		}
	}
	for _, d := range c.site.Domains {
		c.doubtful("use a phone domain", "Sendmail does not route sms: addresses in %s: its tables route whole domains", d)
	}
	if kind != "text" {
		c.fresh(file)
	}
}

// target looks at where the mailer table sends a phone domain.
func (c *sendmailChecker) target(file, domain, entry string) {
	name, host, _ := strings.Cut(entry, ":")
	m := c.definition(name)
	if m == "" {
		c.wrong(addM4, "%s sends %s to the mailer %s, which sendmail.cf does not have", file, domain, name)
		return
	}
	goes := strings.ReplaceAll(equate(m, "A"), "$h", host)
	want := "FILE " + strings.TrimPrefix(c.site.LMTP, "unix:")
	if to, port, ok := tcp(c.site.LMTP); ok {
		want = "TCP [" + to + "] " + port
	}
	switch {
	case strings.Contains(m, "TCP $h") && !strings.HasPrefix(host, "["):
		c.wrong("write "+name+":["+host+"]", "%s sends %s to %s without brackets, and Sendmail looks for its MX record", file, domain, host)
	case c.site.LMTP == "":
	case goes != want:
		c.wrong(addM4, "%s sends %s to %s, and Postel's LMTP server is %s", file, domain, goes, want)
	case !strings.Contains(equate(m, "F"), "z"):
		c.wrong("add z to its F=", "the mailer %s does not speak LMTP", name)
	default:
		c.fine("%s goes to Postel", domain)
	}
}

// definition is the line of a mailer in sendmail.cf.
func (c *sendmailChecker) definition(name string) string {
	for _, m := range c.statement(`M(.*(?:\n[ \t].*)*)$`) {
		if n, rest, _ := strings.Cut(m, ","); strings.TrimSpace(n) == name {
			return rest
		}
	}
	return ""
}

// fresh looks whether a table was changed after its database was made.
func (c *sendmailChecker) fresh(file string) {
	text, err := os.Stat(c.host.Path(file))
	if err != nil {
		return // domains has said so
	}
	db, err := os.Stat(c.host.Path(file + ".db"))
	if err != nil || db.ModTime().Before(text.ModTime()) {
		c.wrong("make -C "+path.Dir(file)+", or makemap", "%s was changed after its database was made, which is what Sendmail reads", file)
	}
}

// signIn looks how users sign in.
func (c *sendmailChecker) signIn() {
	if c.option("AuthMechanisms") == "" && len(c.statement(`C\{TrustAuthMech\}(.*)$`)) == 0 {
		c.wrong("define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl and TRUST_AUTH_MECH(`PLAIN LOGIN')dnl in sendmail.mc, with TLS", "nobody can sign in (no AuthMechanisms), so nobody may send texts by SMTP AUTH")
		return
	}
	if !strings.Contains(c.option("AuthOptions"), "p") {
		c.doubtful("define(`confAUTH_OPTIONS', `A p y')dnl", "passwords are taken without TLS (AuthOptions has no p), and who hears one sends texts at your cost")
	}
}

// waiting compares how long mail stays in the queue with the life of a ticket.
func (c *sendmailChecker) waiting() {
	value := or(c.option("Timeout.queuereturn"), "5d")
	if life, ok := duration(value); ok && c.site.TicketLife > 0 && life > c.site.TicketLife {
		c.doubtful("define(`confTO_QUEUERETURN', `5d')dnl", "mail may wait for %s in the queue, and later than its ticket is good Postel refuses it", value)
	}
}

// sockets looks whether Sendmail may go to Postel's sockets. As root it may.
func (c *sendmailChecker) sockets() {
	user, group, _ := strings.Cut(c.option("RunAsUser"), ":")
	for _, address := range []string{c.site.Milter, c.site.LMTP} {
		file, unix := strings.CutPrefix(address, "unix:")
		if !unix {
			continue
		}
		info, err := os.Stat(c.host.Path(path.Dir(file)))
		if err != nil {
			c.wrong("RuntimeDirectory=postel in the unit of Postel, or install -d -o postel -g postel -m 750 "+path.Dir(file), "there is no directory %s for the sockets", path.Dir(file))
			return
		}
		if info.Mode().Perm()&0o022 != 0 {
			c.wrong("chmod 750 "+path.Dir(file), "others than its owner may write to %s, and Sendmail finds sockets there unsafe", path.Dir(file))
		}
		if user == "" || user == "root" {
			continue
		}
		uid, gid, err := c.host.User(user)
		if g, e := c.host.Group(group); group != "" && e == nil {
			gid = g
		}
		if u, g := ownerOf(info); err == nil && !may(info.Mode(), 0o1, u == uid, g == gid) {
			c.wrong(fmt.Sprintf("give it the group of %s, and name that group and user in postel.toml", user), "Sendmail runs as %s, which may not pass through %s (%s)", user, path.Dir(file), info.Mode())
		}
	}
}
