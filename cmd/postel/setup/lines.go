package setup

import (
	"regexp"
	"strings"

	"github.com/postel-mail/postel/contrib/postfix"
)

// Wanted is what the administrator asks for.
type Wanted struct {
	// PhoneDomains have phones only, Domains have them behind the prefix sms.
	PhoneDomains, Domains []string
	// Percent lets %, ! and @ through in local parts, with the risk that
	// contrib/postfix/percent.cf tells.
	Percent bool
	// Take says that the milter takes mail itself: it then comes last, so that
	// no other milter refuses what was sent already.
	Take bool
	// Milter, Policy and LMTP are Postel's sockets as the mail server names
	// them: "unix:postel/milter", below the queue directory, or
	// "inet:127.0.0.1:10026". A milter that takes mail needs no LMTP, and
	// Sendmail no Policy: they may be "".
	Milter, Policy, LMTP string
	// SocketDir is the directory of the Unix sockets; its Path is "" if there
	// are none.
	SocketDir Dir
}

// The files of contrib/postfix that are tables.
const (
	transportTable = "sms_transport.regexp"
	guardTable     = "sms_guard.regexp"
	recipientTable = "sms_recipients.regexp"
)

// tableName is how main.cf names one of them.
func tableName(file string) string { return "regexp:$config_directory/" + file }

// lines are the parameters in files of contrib/postfix, for these sockets.
func (w *Wanted) lines(file string) map[string]string {
	text := w.sockets(contrib(file))
	values, last := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == ' ':
			values[last] += " " + strings.TrimSpace(line)
		default:
			name, value, _ := strings.Cut(line, "=")
			last = strings.TrimSpace(name)
			values[last] = strings.TrimSpace(value)
		}
	}
	return values
}

// sockets puts the sockets in place of those of contrib/postfix.
func (w *Wanted) sockets(text string) string {
	return strings.NewReplacer("unix:postel/milter", w.Milter, "unix:postel/policy", w.Policy, "unix:postel/lmtp", nexthop(w.LMTP)).Replace(text)
}

// nexthop writes an address as transport(5) has it.
func nexthop(address string) string {
	host, port, ok := tcp(address)
	if !ok {
		return address
	}
	return "inet:[" + host + "]:" + port
}

// transport is the entry "sms" of master.cf, in one line.
func (w *Wanted) transport() string {
	var fields []string
	for line := range strings.Lines(contrib("master.cf")) {
		if !strings.HasPrefix(line, "#") {
			fields = append(fields, strings.Fields(line)...)
		}
	}
	return strings.Join(fields, " ")
}

// table is one of the tables, with these domains in place of contrib's. A
// paragraph whose rules are all gone goes as well.
func (w *Wanted) table(file string) string {
	var kept []string
	paragraphs := strings.Split(w.sockets(contrib(file)), "\n\n")
	for i, p := range paragraphs {
		var out strings.Builder
		rules := 0
		for line := range strings.Lines(strings.TrimRight(p, "\n") + "\n") {
			if strings.HasPrefix(line, "#") {
				out.WriteString(line)
				continue
			}
			for _, rule := range w.rules(line) {
				out.WriteString(rule)
				rules++
			}
		}
		if headline := i == 0 && len(paragraphs) > 1; rules > 0 || headline {
			kept = append(kept, out.String())
		}
	}
	return strings.Join(kept, "\n")
}

// rules are a rule of contrib's for each of the domains that it is about.
func (w *Wanted) rules(rule string) (all []string) {
	const phones, mail = `sms\.example\.org`, `example\.org`
	old, domains := "", w.Domains
	switch {
	case strings.Contains(rule, phones):
		old, domains = phones, w.PhoneDomains
	case strings.Contains(rule, mail):
		old = mail
	case len(domains) > 0:
		return []string{rule} // about addresses without a domain
	}
	for _, d := range domains {
		all = append(all, strings.Replace(rule, old, regexp.QuoteMeta(d), 1))
	}
	return all
}

// recipients is the table of recipients that exist; a relay domain whose
// recipients are listed needs its phones listed as well.
func (w *Wanted) recipients(phoneDomainsToo bool) string {
	text := ""
	if len(w.Domains) > 0 {
		text = w.table(recipientTable)
	}
	if phoneDomainsToo {
		text += "# Every address of a phone domain is a recipient: Postel says which are phones.\n"
		for _, d := range w.PhoneDomains {
			text += "/@" + regexp.QuoteMeta(d) + "$/ OK\n"
		}
	}
	return text
}

// contrib is a file of contrib/postfix.
func contrib(name string) string {
	b, err := postfix.Files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}
