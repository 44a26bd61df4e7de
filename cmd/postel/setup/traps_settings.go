package setup

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// transport looks at the LMTP client that goes to Postel.
func (c *checker) transport() {
	s, ok := c.Service("sms/unix")
	if !ok {
		return // routes has said so
	}
	if file, unix := strings.CutPrefix(c.site.LMTP, "unix:"); unix && s.Chroot && path.IsAbs(file) {
		c.wrong("write n in the column chroot of master.cf", "the transport sms is in a chroot, and Postel's socket %s is outside of it", file)
	}
	if level := c.Of(s, "lmtp_tls_security_level"); !slices.Contains([]string{"", "none", "may"}, level) {
		c.wrong("-o lmtp_tls_security_level=none for the transport sms in master.cf", "lmtp_tls_security_level is %s, and Postel's LMTP server has no TLS", level)
	}
	if slices.Contains(split(strings.ToLower(c.Of(s, "lmtp_discard_lhlo_keywords"))), "dsn") {
		c.doubtful("take dsn out of lmtp_discard_lhlo_keywords", "Postel is not told what delivery reports a sender wants (lmtp_discard_lhlo_keywords has dsn)")
	}
}

// headers looks for tables that would take the ticket away, or refuse it.
func (c *checker) headers() {
	for _, name := range []string{"milter_header_checks", "lmtp_header_checks", "header_checks"} {
		for _, table := range split(c.Full[name]) {
			action := c.lookup(name, table, "X-Postel-Ticket: dGlja2V0")
			verb, _, _ := strings.Cut(strings.ToUpper(action), " ")
			if slices.Contains([]string{"IGNORE", "STRIP", "REJECT", "DISCARD", "REPLACE", "HOLD", "REDIRECT"}, verb) {
				c.wrong("leave X-Postel-Ticket out of "+table, "%s takes the ticket out of mail, or the mail with it (%s)", name, action)
			}
		}
	}
}

// switches looks at settings for the whole of Postfix.
func (c *checker) switches() {
	if c.Full["resolve_dequoted_address"] == "no" {
		c.doubtful("set it back to yes unless you need % forms, and only forward to hosts that do not look inside quotes",
			"resolve_dequoted_address = no: \"victim@other.example\"@ one of your domains counts as an address of yours, and if it is forwarded to a host that looks inside, strangers relay through the two of you")
	}
	if c.Full["allow_untrusted_routing"] == "yes" {
		c.doubtful("set it back to no", "allow_untrusted_routing = yes: strangers may write routes into local parts, past what the guard and the milter see")
	}
	if slices.Contains(split(strings.ToLower(c.Full["smtpd_discard_ehlo_keywords"])), "dsn") {
		c.doubtful("take dsn out of smtpd_discard_ehlo_keywords", "users cannot ask for delivery reports of texts (smtpd_discard_ehlo_keywords has dsn)")
	}
	for _, s := range c.Services {
		if s.Command != "smtpd" || c.Reinjects(s) {
			continue
		}
		all := split(c.Of(s, "smtpd_sender_restrictions") + " " + c.Of(s, "smtpd_recipient_restrictions"))
		switch {
		case slices.Contains(all, "reject_unverified_recipient"):
			c.doubtful("put  check_recipient_access  with the answer  permit  for phones behind the guard, or leave it to your other domains", "%s verifies recipients by probing them (reject_unverified_recipient), and Postel answers a probe as it answers a stranger", s.ID())
		case slices.Contains(all, "reject_unknown_sender_domain") && len(c.site.PhoneDomains) > 0:
			c.fine("%s refuses senders from domains that do not exist, so %s needs an MX record: answers come from it", s.ID(), c.site.PhoneDomains[0])
		}
	}
	for _, entry := range split(c.Full["sms_guard"]) {
		if action, ok := option(entry, "default_action"); ok && !strings.HasPrefix(action, "4") && !strings.HasPrefix(strings.ToLower(action), "defer") {
			c.wrong("default_action = 451 4.3.0 ...", "the guard lets mail for phones pass when Postel is down: its default_action is %s", action)
		}
	}
}

// waiting compares how long mail stays in the queue with the life of a ticket.
func (c *checker) waiting() {
	life, ok := duration(c.Full["maximal_queue_lifetime"])
	if ok && c.site.TicketLife > 0 && life > c.site.TicketLife {
		c.doubtful("maximal_queue_lifetime = "+strconv.Itoa(int(c.site.TicketLife.Hours()/24))+"d, or less",
			"mail may wait for %s in the queue, and its ticket is good for %s: later Postel refuses it", c.Full["maximal_queue_lifetime"], strconv.Itoa(int(c.site.TicketLife.Hours()/24))+"d")
	}
}

// duration reads a time of Postfix, whose unit is days where none is written.
func duration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	unit := 24 * time.Hour
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if s != "" {
		if u, ok := units[s[len(s)-1]]; ok {
			unit, s = u, s[:len(s)-1]
		}
	}
	n, err := strconv.Atoi(s)
	return time.Duration(n) * unit, err == nil
}

// sockets looks whether Postfix may go to Postel's sockets.
func (c *checker) sockets() {
	owner := c.Full["mail_owner"]
	uid, gid, err := c.host.User(owner)
	if err != nil {
		c.doubtful("run this on the machine of the mail server", "mail_owner: %s", err)
		return
	}
	var dirs []string
	for _, address := range []string{c.site.Milter, c.site.Policy, c.site.LMTP} {
		if !strings.HasPrefix(address, "unix:") {
			continue
		}
		file := c.real(address, false)
		if dir := path.Dir(file); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
			c.socketDir(dir, gid)
		}
		info, err := os.Stat(c.host.Path(file))
		if err != nil || info.Mode()&fs.ModeSocket == 0 {
			continue // Postel is not running
		}
		if u, g := ownerOf(info); !may(info.Mode(), 0o6, u == uid, g == gid) {
			c.wrong("give it the group of "+owner+" and mode 0660: postel setup postfix sets the directory so", "Postfix may not connect to %s (%s)", file, info.Mode())
		}
	}
}

// socketDir looks at the directory of the sockets.
func (c *checker) socketDir(dir string, gid int) {
	remedy := "install -d -o postel -g " + c.Full["mail_owner"] + " -m 2710 " + dir
	info, err := os.Stat(c.host.Path(dir))
	if err != nil {
		c.wrong(remedy, "there is no directory %s for the sockets", dir)
		return
	}
	_, group := ownerOf(info)
	switch mode := info.Mode(); {
	case mode.Perm()&0o002 != 0:
		c.wrong(remedy, "everybody may write to %s, and put another socket in the place of Postel's", dir)
	case !may(mode, 0o1, false, group == gid):
		c.wrong(remedy, "Postfix may not pass through %s (%s)", dir, mode)
	case mode&fs.ModeSetgid == 0 || group != gid:
		c.doubtful(remedy, "sockets in %s do not get the group of Postfix by themselves (%s)", dir, mode)
	default:
		c.fine("Postfix may pass through %s", dir)
	}
}

// may reports whether permissions let a user of this kind do something.
func may(m fs.FileMode, want fs.FileMode, owner, group bool) bool {
	perm := m.Perm()
	return owner && perm>>6&want == want || group && perm>>3&want == want || perm&want == want
}
