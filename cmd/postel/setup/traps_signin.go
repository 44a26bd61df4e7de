package setup

import (
	"regexp"
	"slices"
	"strings"
)

// signIn looks how users sign in.
func (c *checker) signIn() {
	any := false
	for _, s := range c.Services {
		if s.Command != "smtpd" || c.Of(s, "smtpd_sasl_auth_enable") != "yes" {
			continue
		}
		any = true
		encrypted := c.Of(s, "smtpd_tls_auth_only") == "yes" || c.Of(s, "smtpd_tls_wrappermode") == "yes" ||
			c.Of(s, "smtpd_enforce_tls") == "yes" || c.Of(s, "smtpd_tls_security_level") == "encrypt"
		if !encrypted {
			c.doubtful("-o smtpd_tls_auth_only=yes", "%s takes passwords without TLS, and who hears one sends texts at your cost", s.ID())
		}
		c.mismatch(s)
	}
	if !any {
		c.wrong("-o smtpd_sasl_auth_enable=yes for submission in master.cf", "no service lets users sign in (smtpd_sasl_auth_enable), so nobody may send texts by SMTP AUTH")
	}
}

// mismatch looks whether a server holds users to their own addresses, where
// Postel leaves that to it.
func (c *checker) mismatch(s Service) {
	if !c.site.AnySender {
		return
	}
	all := strings.Join([]string{c.Of(s, "smtpd_sender_restrictions"), c.Of(s, "smtpd_recipient_restrictions"), c.Of(s, "smtpd_relay_restrictions"), c.Of(s, "smtpd_client_restrictions")}, " ")
	if strings.Contains(all, "sender_login_mismatch") && c.Of(s, "smtpd_sender_login_maps") != "" {
		return
	}
	c.wrong("add reject_sender_login_mismatch and smtpd_sender_login_maps, or set senders = \"own\"",
		"access.senders is \"any\", and %s lets users write from each other's addresses (no reject_sender_login_mismatch with smtpd_sender_login_maps)", s.ID())
}

// signer finds milters that sign mail, by their usual names and ports.
var signer = regexp.MustCompile(`(?i)dkim|rspamd|amavis|:8891\b|:11332\b|:12301\b`)

// order looks at the place of our milter among the others.
func (c *checker) order() {
	told := map[string]bool{}
	for _, s := range c.Services {
		if s.Command != "smtpd" || c.Reinjects(s) {
			continue
		}
		list := split(c.Of(s, "smtpd_milters"))
		i := slices.IndexFunc(list, func(e string) bool { return c.sameSocket(socket(e), c.site.Milter, s.Chroot) })
		if i < 0 || told[strings.Join(list, " ")] {
			continue
		}
		told[strings.Join(list, " ")] = true
		if c.site.Take {
			if i < len(list)-1 {
				c.wrong("put Postel's milter last", "%s asks %s after Postel's milter, which takes mail (milter.mode): what the other refuses then was sent already", s.ID(), socket(list[i+1]))
			}
			continue
		}
		if j := slices.IndexFunc(list[:i], signer.MatchString); j >= 0 {
			c.doubtful("put Postel's milter in front of it", "%s asks %s before Postel's milter: it signs headers that Postel then takes out", s.ID(), socket(list[j]))
		}
	}
}
