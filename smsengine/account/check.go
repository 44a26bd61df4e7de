package account

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/words"
)

// Mistake is something that cannot stand in an account: which field, what is
// wrong with it, and what to write instead.
type Mistake struct{ Field, What, Remedy string }

func (m *Mistake) Error() string {
	s := m.Field + ": " + m.What
	if m.Remedy != "" {
		s += "; " + m.Remedy
	}
	return s
}

func mistake(field, remedy, format string, args ...any) *Mistake {
	return &Mistake{field, fmt.Sprintf(format, args...), remedy}
}

// New is an account as it begins: it may send, by its own word, so that it does
// not depend on what the site lets its mail users do. A domain's says nothing.
func New(name string, now time.Time) smsengine.Account {
	a := smsengine.Account{Name: strings.ToLower(name), Created: now, Changed: now}
	if !a.IsDomain() {
		a.Policy.Send = new(true)
	}
	return a
}

// maxName bounds names and addresses, in octets (RFC 5321 §4.5.3.1.3).
const maxName = 254

var (
	plainName  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	mailbox    = regexp.MustCompile(`^[^\s@:"<>(),;\\*]+@[^\s@:"<>(),;\\*]+$`)
	anyDomain  = regexp.MustCompile(`^@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	prefixForm = regexp.MustCompile(`^\+[0-9]{1,15}$`)
	codeForm   = regexp.MustCompile(`^[0-9]{2,10}$`)
)

// CheckName looks at the name of an account: "smsalerts", "john@example.org" or
// "@example.org", in lower case.
func CheckName(name string) error {
	const remedy = `write a name like "alerts" (letters, digits, ".", "-", "_"), a user's address, or "@example.org" for the users of a domain`
	switch {
	case name == "":
		return mistake("name", remedy, "it is empty")
	case len(name) > maxName:
		return mistake("name", remedy, "it has %d characters; at most %d are possible", len(name), maxName)
	case strings.Contains(name, ":"):
		return mistake("name", remedy, "%q has a colon in it", name)
	case name != strings.ToLower(name):
		return mistake("name", "write "+strings.ToLower(name), "%q is not in lower case", name)
	case name == Local || name == smsengine.SiteCounter:
		return mistake("name", "choose another name", "%q is Postel's own", name)
	case !plainName.MatchString(name) && !mailbox.MatchString(name) && !anyDomain.MatchString(name):
		return mistake("name", remedy, "%q is no name for an account", name)
	}
	return nil
}

// CheckMember looks at a member: an address, or "@example.org" for all users of a
// domain. The field is the one it stands in: members, owns.
func CheckMember(field, member string) error {
	if len(member) > maxName || member != strings.ToLower(member) || !mailbox.MatchString(member) && !anyDomain.MatchString(member) {
		return mistake(field, `write an address in lower case, or "@example.org" for all of a domain`, "%.80q is neither", member)
	}
	return nil
}

// Check looks at a whole account, as it is about to be stored. gateways are the
// IDs that there are; now is used for what has passed.
func (s *Site) Check(a smsengine.Account, gateways []string, now time.Time) error {
	if err := CheckName(a.Name); err != nil {
		return err
	}
	if at := strings.IndexByte(a.Name, '@'); at >= 0 && !slices.Contains(s.Domains, a.Name[at+1:]) {
		return mistake("name", "list it in access.domains of postel.toml first", "the domain %s is not served", a.Name[at+1:])
	}
	if _, taken := s.Levels[a.Name]; taken {
		return mistake("name", "change it there, or take it out there first", "%s is defined in postel.toml", a.Name)
	}
	if a.IsDomain() && (len(a.Members) > 0 || len(a.Owns) > 0 || a.Contact != "" || a.Password != "") {
		return mistake("name", "make an account with a name for that", "%s is the policy of a domain: it has no password, members, addresses or contact", a.Name)
	}
	for i, m := range a.Members {
		if err := CheckMember("members", m); err != nil {
			return err
		}
		if slices.Contains(a.Members[:i], m) {
			return mistake("members", "list it once", "%s stands there twice", m)
		}
		if at := strings.IndexByte(m, '@'); !slices.Contains(s.Domains, m[at+1:]) {
			return mistake("members", "list it in access.domains of postel.toml first", "nobody of %s signs in here: the domain is not served", m[at+1:])
		}
	}
	for _, o := range a.Owns {
		if err := CheckMember("owns", o); err != nil {
			return err
		}
	}
	if a.Contact != "" && (len(a.Contact) > maxName || !mailbox.MatchString(a.Contact)) {
		return mistake("contact", "write a mail address", "%.80q is not one", a.Contact)
	}
	if strings.ContainsFunc(a.Description, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(a.Description) > 1000 {
		return mistake("description", "write one line", "it has control characters, or more than 1000 octets")
	}
	if err := CheckPolicy(a.Policy, gateways); err != nil {
		return err
	}
	if t := a.Policy.Template; t != nil && words.IsName(*t) && !slices.Contains(s.Templates, *t) {
		return mistake("template", `define it in [[text.template]] of postel.toml, or write a form such as "{text|subject}"`, "there is no template called %q", *t)
	}
	if e := a.Policy.Expires; e != nil && e.Over(s.Zoned(now)) {
		return mistake("expires", "write a day to come, or disable the account", "%s has passed", *e)
	}
	return nil
}

// CheckPolicy looks at the keys of a level. gateways nil leaves out whether
// there is such a gateway.
func CheckPolicy(p smsengine.Policy, gateways []string) error {
	switch {
	case p.MonthlyLimit != nil && *p.MonthlyLimit < 0:
		return mistake("monthly_limit", "write 0 for no limit", "%d is less than nothing", *p.MonthlyLimit)
	case p.MaxParts != nil && (*p.MaxParts < 1 || *p.MaxParts > 128):
		return mistake("max_parts", "write 1 to 128", "a text cannot have %d parts", *p.MaxParts)
	case p.UnusualBurst != nil && *p.UnusualBurst < 0:
		return mistake("unusual_burst", "write 0 for any number", "%d is less than nothing", *p.UnusualBurst)
	case p.Senders != nil && *p.Senders != "own" && *p.Senders != "any":
		return mistake("senders", `write "own" or "any"`, "%q is not a choice", *p.Senders)
	case p.Gateway != nil && *p.Gateway != "" && gateways != nil && !slices.Contains(gateways, *p.Gateway):
		return mistake("gateway", "there are "+strings.Join(gateways, ", "), "no gateway is called %q", *p.Gateway)
	case p.Attachments != nil && !oneOf(*p.Attachments, words.AttachmentsLeaveOut, words.AttachmentsName, words.AttachmentsLink):
		return mistake("attachments", `write "leave-out", "name" or "link"`, "%.40q is not a choice", *p.Attachments)
	case p.TooLong != nil && !oneOf(*p.TooLong, "cut", "refuse"):
		return mistake("too_long", `write "cut" or "refuse"`, "%.40q is not a choice", *p.TooLong)
	case p.Language != nil && *p.Language != "" && !slices.Contains(smsengine.Languages, *p.Language):
		return mistake("language", "there are "+strings.Join(smsengine.Languages, ", "), "there are no reports in %.40q", *p.Language)
	}
	if err := checkCallers(p); err != nil {
		return err
	}
	if err := checkWords(p); err != nil {
		return err
	}
	for _, d := range p.Allow {
		if d != "home" && d != "*" && !prefixForm.MatchString(d) && !codeForm.MatchString(d) {
			return mistake("allow", `write "home", "*", the beginning of numbers such as "+44", or a short code such as "72727"`, "%.40q is no destination", d)
		}
	}
	for _, d := range p.Deny {
		if d != "premium" && d != "satellite" && !prefixForm.MatchString(d) {
			return mistake("deny", `write "premium", "satellite", or the beginning of numbers such as "+882"`, "%.40q is no destination", d)
		}
	}
	return nil
}

func oneOf(s string, choices ...string) bool { return slices.Contains(choices, s) }

// checkWords looks at the keys that are about the words of texts.
func checkWords(p smsengine.Policy) error {
	if p.Template != nil {
		if _, err := words.Parse(*p.Template); err != nil {
			return mistake("template", "write a name of [text.template], or a form such as \"{text|subject}\"", "%s", err)
		}
		if *p.Template == "" {
			return mistake("template", `write "{text|subject}" for what holds unless something else is said`, "it is empty, and so would be all texts")
		}
	}
	for _, s := range p.Strip {
		if !slices.Contains(words.Strippable, smsengine.PassageKind(s)) {
			return mistake("strip", `there are "quotes", "signature", "mobile", "list", "disclaimer"`, "%.40q cannot be left out", s)
		}
	}
	if _, err := sms.ParseLanguages(p.NationalTables); err != nil {
		return mistake("national_tables", `write names such as "turkish", or "all"`, "%s", err)
	}
	for _, k := range p.MachineMail {
		if k != smsengine.InvitedMail && !slices.Contains(smsengine.AllowableMail, smsengine.MailKind(k)) {
			return mistake("machine_mail", `there are "auto-generated", "list", "feedback", "invited"; nothing else ever becomes a text`, "%.40q cannot be let in", k)
		}
	}
	return nil
}

// Twice gives a mistake for each name that both the configuration and the
// directory define: which of the two holds would be a matter of luck.
func (s *Site) Twice(dir *smsengine.Directory) []error {
	var wrong []error
	for name := range s.Levels {
		if _, twice := dir.Account(name); twice {
			wrong = append(wrong, mistake(name, "keep one: postel account remove "+name+", or take it out of postel.toml", "postel.toml and postel account both define it"))
		}
	}
	return sorted(wrong)
}

// Missing gives a mistake for each account that the configuration names and
// nobody defines: what would send at its cost is refused.
func (s *Site) Missing(dir *smsengine.Directory) []error {
	wrong := map[string]error{}
	look := func(key, account string) {
		if _, ok := dir.Account(account); !ok && !strings.Contains(account, "@") {
			wrong[key+account] = mistake(key, "make it: postel account add "+account, "there is no account %s", account)
		}
	}
	for _, n := range s.Networks {
		look("access.network", n.Account)
	}
	for _, account := range s.Locals {
		look("access.local", account)
	}
	return sorted(slices.Collect(maps.Values(wrong)))
}

func sorted(errs []error) []error {
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}
