package stage

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
)

// token is an address between number signs. Phones put spaces behind words.
var token = regexp.MustCompile(`#[ \t]*([^\s#@]+@[^\s#@]+)[ \t]*#`)

// direct delivers to the mailbox that the text names. The first address counts;
// if it may not be reached the text goes its usual way, with a word about it.
func (c Config) direct(_ context.Context, d *smsengine.Draft) error {
	text := d.Message.Body.Text
	at := token.FindStringSubmatchIndex(text)
	if len(c.DirectDomains) == 0 || at == nil {
		return nil
	}
	addr := text[at[2]:at[3]]
	to, why := c.reachable(addr)
	if why != "" {
		addr = string([]rune(addr)[:min(60, utf8.RuneCountInString(addr))])
		d.Note("not to " + addr + ": " + why)
		tell(d, "The text names the mailbox "+addr+" and did not go there: "+why+".")
		return nil
	}
	m := &d.Message
	m.To, m.Route = smsengine.Mailbox(to), smsengine.Over(smsengine.MailGateway)
	d.Note("to " + to + ", which it names")
	if m.Body.Text = without(text, at[0], at[1]); m.Body.Text == "" {
		tell(d, "The text has no words besides this address.")
	}
	return nil
}

// without takes a token out of a text, with the spaces around it.
func without(text string, from, to int) string {
	before, after := strings.TrimRight(text[:from], " \t"), strings.TrimLeft(text[to:], " \t")
	if before != "" && after != "" && !strings.HasSuffix(before, "\n") && !strings.HasPrefix(after, "\n") {
		before += " "
	}
	return strings.TrimSpace(before + after)
}

// plainLocal are the local parts that texts can name. Quoted ones, and those in
// which mail servers look for a route or a program, are none of them.
var plainLocal = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_+=~'-]*(\.[A-Za-z0-9_+=~'-]+)*$`)

// reachable gives the mailbox that an address in a text means, or why it is none
// that a text can reach: one that would make texts of it, or a program that obeys
// to mail. A text must not buy texts, nor change who is on a list.
func (c Config) reachable(addr string) (mailbox, why string) {
	local, name, _ := strings.Cut(addr, "@")
	i := slices.IndexFunc(c.DirectDomains, func(domain string) bool { return strings.EqualFold(domain, name) })
	if i < 0 {
		return "", "texts reach no mailboxes of that domain"
	}
	if len(local) > 64 || !plainLocal.MatchString(local) {
		return "", "its name is not a plain one"
	}
	mailbox = local + "@" + c.DirectDomains[i]
	if _, phone, err := c.Parser.Parse(mailbox); phone || err != nil {
		return "", "it is a phone, and a text must not cause texts"
	}
	if obeys(local) {
		return "", "it belongs to a program"
	}
	return mailbox, ""
}

// programs are the names of mailboxes that obey to mail, or tell of it.
var programs = []string{
	"postmaster", "mailer-daemon", "mail-daemon", "majordomo", "majordom", "listserv", "listproc", "listmaster", "mailman", "sympa",
	"ecartis", "ezmlm", "mlmmj", "mailserv", "smartlist", "minimalist", "noreply", "no-reply",
}

// commands are the words by which lists have addresses beside their own:
// "list-request", "list+subscribe", "owner-list", "list-confirm+token".
var commands = []string{
	"request", "bounce", "bounces", "owner", "subscribe", "sub", "unsubscribe", "unsub", "join", "leave", "confirm", "confsub", "confunsub",
	"admin", "approve", "approval", "moderate", "moderator", "editor", "help", "list", "get", "faq", "digest", "nomail",
	"accept", "reject", "release", "obstruct", "permit", "sc", "uc", "relay",
}

// before are those that also stand in front of a list's name.
var before = []string{"owner", "bounce", "bounces", "request"}

// obeys reports whether a local part is that of a program.
func obeys(local string) bool {
	local = strings.ToLower(local)
	if slices.Contains(programs, local) {
		return true
	}
	words := strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune("+-=_~'", r) })
	for i, w := range words {
		if slices.Contains(programs, w) {
			return true
		}
		w, _, _ = strings.Cut(w, ".") // ezmlm: list-sc.1234.token
		if i > 0 && slices.Contains(commands, w) || len(words) > 1 && slices.Contains(before, w) {
			return true
		}
	}
	return false
}
