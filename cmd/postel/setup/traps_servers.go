package setup

import (
	"path"
	"slices"
	"strings"
)

// real is the path of a Unix socket that a service names, or the address of
// another one. Relative paths begin in the queue directory, and for a service in
// a chroot the others do so too.
func (p *Postfix) real(address string, chroot bool) string {
	file, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return strings.NewReplacer("[", "", "]", "", "localhost", "127.0.0.1").Replace(address)
	}
	if chroot || !path.IsAbs(file) {
		return path.Join(p.Queue(), file)
	}
	return path.Clean(file)
}

// sameSocket compares an address that a service names with one of Postel's.
func (p *Postfix) sameSocket(named, ours string, chroot bool) bool {
	return p.real(named, chroot) == p.real(ours, false)
}

// servers looks at milter and guard in each SMTP server of master.cf.
func (c *checker) servers() {
	if c.site.Milter == "" {
		c.doubtful("set milter.listen in postel.toml", "Postel has no milter, so it does not learn who has signed in")
		return
	}
	for _, s := range c.Services {
		if s.Command != "smtpd" {
			continue
		}
		milter := ""
		if c.asksMilters(s) {
			milter = c.ourMilter(s)
		}
		guarded, why := c.guarded(s)
		switch {
		case c.Reinjects(s) && milter != "":
			c.wrong("give it -o receive_override_options=no_milters", "%s takes mail back from a content filter and asks Postel's milter again, which finds nobody signed in there", s.ID())
		case c.Reinjects(s) && guarded:
			c.wrong("give it restrictions of its own: -o smtpd_recipient_restrictions=permit_mynetworks,reject", "%s takes mail back from a content filter, and the guard stands there too: it defers (451) what the milter does not see", s.ID())
		case c.Reinjects(s):
			c.fine("%s takes mail back from a content filter, and leaves Postel out", s.ID())
		case !c.asksMilters(s):
			c.wrong("take no_milters out of receive_override_options for it", "%s asks no milters", s.ID())
		case milter == "":
			c.noMilter(s)
		default:
			c.milterEntry(s, milter)
			if !guarded {
				c.wrong("put the guard first in its smtpd_recipient_restrictions: postel setup postfix",
					"the guard does not stand before phones in %s: %s. While Postel is down, mail for phones passes without a ticket and bounces", s.ID(), why)
			} else {
				c.fine("%s asks Postel's milter, and the guard stands before phones", s.ID())
			}
		}
		if filter := c.Of(s, "smtpd_proxy_filter"); filter != "" && milter != "" {
			c.wrong("use content_filter for it, or ask Postel on another service", "%s has smtpd_proxy_filter %s: milters there cannot change a mail, so it gets no ticket", s.ID(), filter)
		}
	}
}

// ourMilter is the entry of Postel's milter in a server, "" if it has none.
func (c *checker) ourMilter(s Service) string {
	for _, e := range split(c.Of(s, "smtpd_milters")) {
		if c.sameSocket(socket(e), c.site.Milter, s.Chroot) {
			return e
		}
	}
	return ""
}

// noMilter says why a server does not ask Postel.
func (c *checker) noMilter(s Service) {
	for _, e := range split(c.Of(s, "smtpd_milters")) {
		if address := socket(e); s.Chroot && c.sameSocket(address, c.site.Milter, false) {
			c.wrong("let Postel listen below "+c.Queue()+", and write the path relative to it", "%s is in a chroot and looks for Postel's milter at %s", s.ID(), c.real(address, true))
			return
		}
		if strings.Contains(e, "postel") {
			c.wrong("let smtpd_milters and milter.listen name the same socket", "%s asks the milter %s, and Postel's is %s", s.ID(), socket(e), c.site.Milter)
			return
		}
	}
	remedy := "postel setup postfix"
	if v, own := s.Raw["smtpd_milters"]; own {
		remedy = "its entry in master.cf sets smtpd_milters=" + v + " in place of main.cf's: " + remedy
	}
	c.wrong(remedy, "%s does not ask Postel's milter", s.ID())
}

// milterEntry looks at the options of Postel's entry.
func (c *checker) milterEntry(s Service, entry string) {
	action := c.Of(s, "milter_default_action")
	where := "milter_default_action"
	if own, ok := option(entry, "default_action"); ok {
		action, where = own, "default_action"
	}
	if action != "accept" {
		c.wrong("write { "+c.site.Milter+", default_action=accept } in smtpd_milters: the guard sees to phones",
			"while Postel is down, %s refuses all mail: %s is %s", s.ID(), where, action)
	}
}

// option finds "name=value" in an entry in braces.
func option(entry, name string) (string, bool) {
	if !strings.HasPrefix(entry, "{") {
		return "", false
	}
	for _, o := range split(strings.TrimSuffix(entry[1:], "}")) {
		o = strings.TrimSpace(strings.Trim(o, "{}"))
		if n, v, ok := strings.Cut(o, "="); ok && strings.TrimSpace(n) == name {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// guarded follows the restrictions of a server as it does itself for a phone,
// and reports whether it comes to Postel's policy server; if not, why.
func (c *checker) guarded(s Service) (bool, string) {
	if c.site.Policy == "" {
		return false, "Postel has no policy socket (policy.listen)"
	}
	var why string
	for _, addr := range c.phones() {
		if addr[0] == '"' {
			continue // restrictions see it without quotes
		}
		found := false
		for _, stage := range []string{"client", "helo", "sender", "relay", "recipient"} {
			name := "smtpd_" + stage + "_restrictions"
			ok, ended := c.walk(s, split(c.Of(s, name)), strings.ToLower(addr), 0)
			early := stage != "relay" && stage != "recipient" && c.Of(s, "smtpd_delay_reject") == "no"
			switch {
			case ok && early:
				why = "it is in " + name + ", which with smtpd_delay_reject = no is over before there is a recipient"
			case ok:
				found = true
			case stage == "recipient" && why == "":
				why = name + " " + ended + " for " + addr
			}
		}
		if !found {
			return false, why
		}
	}
	return true, ""
}

// walk follows one list of restrictions. ended says where it ends without the
// policy server.
func (c *checker) walk(s Service, list []string, addr string, depth int) (found bool, ended string) {
	if depth > 10 {
		return false, "has classes that name each other"
	}
	classes := split(c.Full["smtpd_restriction_classes"])
	for i := 0; i < len(list); i++ {
		r, argument := list[i], ""
		if takesArgument(r) && i+1 < len(list) {
			i++
			argument = list[i]
		}
		var inner []string
		switch {
		case r == "check_policy_service":
			if c.sameSocket(socket(argument), c.site.Policy, s.Chroot) {
				return true, ""
			}
		case r == "check_recipient_access":
			inner = split(c.access(argument, addr))
		case slices.Contains(classes, r):
			inner = split(c.Full[r])
		case strings.HasPrefix(r, "permit"), r == "reject":
			return false, "comes to " + r + " first"
		}
		if len(inner) == 0 {
			continue
		}
		if inner[0] == "OK" || inner[0] == "ok" {
			return false, "is satisfied by " + argument
		}
		if inner[0] == "sms_guard" && !slices.Contains(classes, inner[0]) {
			return false, "comes to sms_guard, which smtpd_restriction_classes does not list,"
		}
		found, why := c.walk(s, inner, addr, depth+1)
		if found || strings.HasPrefix(why, "comes to ") {
			return found, why
		}
	}
	return false, "does not ask it"
}

// access is the answer of an access table to a recipient.
func (c *checker) access(table, addr string) string {
	all := keys(addr)
	if i := strings.LastIndexByte(addr, '@'); i > 0 {
		all = append(all, addr[:i+1])
	}
	for i, key := range all {
		if i > 0 && !partial(table) {
			break
		}
		if v := c.lookup("check_recipient_access", table, key); v != "" {
			return v
		}
	}
	return ""
}

// takesArgument reports whether a restriction is followed by an argument.
func takesArgument(r string) bool {
	return strings.HasPrefix(r, "check_") || slices.Contains([]string{
		"reject_rbl_client", "reject_rhsbl_client", "reject_rhsbl_helo", "reject_rhsbl_recipient", "reject_rhsbl_sender",
		"reject_rhsbl_reverse_client", "permit_dnswl_client", "permit_rhswl_client", "sleep",
	}, r)
}
