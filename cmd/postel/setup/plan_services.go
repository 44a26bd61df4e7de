package setup

import (
	"context"
	"net"
	"slices"
	"strings"
)

// services goes through the SMTP servers of master.cf. One that sets milters or
// recipient restrictions of its own (-o) does not see what main.cf says, so ours
// go there too. One that takes mail back from a content filter has no business
// with Postel, which has seen that mail when it came.
func (n *planner) services(context.Context) error {
	for _, s := range n.Services {
		if s.Command != "smtpd" {
			continue
		}
		if n.Reinjects(s) {
			n.keepOut(s)
			continue
		}
		if !n.asksMilters(s) {
			n.plan.note("%s asks no milters (receive_override_options), so nobody can write to phones there", s.ID())
			n.keepOut(s)
			continue
		}
		if _, own := s.Raw["smtpd_recipient_restrictions"]; own {
			n.guard(s.ID(), "smtpd_recipient_restrictions")
		}
		if _, own := s.Raw["smtpd_milters"]; own {
			if err := n.serviceMilter(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reinjects reports whether an SMTP server takes mail back from a content
// filter: nobody signs in there, and it asks no milters, or it switches the
// filter off and only this machine reaches it.
func (p *Postfix) Reinjects(s Service) bool {
	if s.Command != "smtpd" || p.Of(s, "smtpd_sasl_auth_enable") == "yes" && !isLoopback(s.Name) {
		return false
	}
	if slices.Contains(split(s.Full["receive_override_options"]), "no_milters") {
		return true
	}
	filter, own := s.Raw["content_filter"]
	return own && filter == "" && s.Type == "inet" && isLoopback(s.Name)
}

// asksMilters reports whether an SMTP server asks milters at all.
func (p *Postfix) asksMilters(s Service) bool {
	return !slices.Contains(split(p.Of(s, "receive_override_options")), "no_milters")
}

// isLoopback reports whether a service such as "127.0.0.1:10025" is for this
// machine alone.
func isLoopback(name string) bool {
	host, _, err := net.SplitHostPort(name)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// keepOut has a server stay as it is where main.cf changes for the others.
func (n *planner) keepOut(s Service) {
	names := []string{"smtpd_recipient_restrictions"}
	if n.asksMilters(s) {
		names = append(names, "smtpd_milters")
	}
	for _, name := range names {
		old, _ := n.before("", name)
		if _, own := s.Raw[name]; own || n.current("", name) == old {
			continue
		}
		n.change(s.ID(), name, n.forService(s, name, old), "")
	}
}

// guard puts the guard in front of everything that permits.
func (n *planner) guard(service, name string) {
	entry := n.ours["smtpd_recipient_restrictions"]
	full := n.Full[name]
	if service != "" {
		s, _ := n.Service(service)
		full = n.Of(s, name)
	}
	restrictions := split(full)
	permit := slices.IndexFunc(restrictions, func(r string) bool { return strings.HasPrefix(r, "permit") })
	there := index(restrictions, split(n.expand(entry)))
	if there >= 0 && (permit < 0 || there < permit) {
		return
	}
	now := n.current(service, name)
	if there >= 0 {
		now, _ = without(entry, now)
	}
	if service == "" {
		n.change("", name, inFront(entry, now), entry)
		return
	}
	s, _ := n.Service(service)
	own := strings.Join(split(entry), ",")
	n.change(service, name, strings.TrimSuffix(own+","+n.forService(s, name, now), ","), own)
}

// milter puts Postel's milter in its place in main.cf: before those that sign,
// so that what they sign is what arrives, or after all others if it takes mail.
func (n *planner) milter(service, entry string) {
	if hasSocket(n.Full["smtpd_milters"], n.wanted.Milter) {
		return
	}
	place := inFront
	if n.wanted.Take {
		place = behind
	}
	n.change(service, "smtpd_milters", place(entry, n.current(service, "smtpd_milters")), entry)
}

// serviceMilter does the same for a server that has milters of its own.
func (n *planner) serviceMilter(s Service) error {
	if hasSocket(n.Of(s, "smtpd_milters"), n.wanted.Milter) {
		return nil
	}
	entry, ok := unspaced(n.ours["smtpd_milters"])
	if !ok {
		return Refusal{"smtpd_milters of contrib/postfix cannot be written into master.cf", "add it to " + s.ID() + " by hand"}
	}
	list := []string{entry, n.forService(s, "smtpd_milters", s.Raw["smtpd_milters"])}
	if n.wanted.Take {
		slices.Reverse(list)
	}
	n.change(s.ID(), "smtpd_milters", strings.Trim(strings.Join(list, ","), ","), entry)
	return nil
}

// forService writes a list as postconf -P takes it, without spaces. Where a
// space means something the list moves to a parameter in main.cf.
func (n *planner) forService(s Service, name, list string) string {
	if tight, ok := unspaced(list); ok {
		return tight
	}
	own := "sms_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(s.Name)) + "_" + name
	n.change("", own, list, "")
	return "$" + own
}
