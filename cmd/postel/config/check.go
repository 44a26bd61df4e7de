package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/phone"
)

// check finds what no single key shows to be wrong. It looks at the file only,
// never at the machine.
func (r *reader) check() {
	c := r.cfg
	r.checkSite(c)
	r.checkDomains(c)
	c.complete()
	r.checkRules(c)
	r.checkDoors(c)
	r.checkMail(c)
	r.checkIMAP(c)
	r.checkQueue(c)
	r.checkGateways(c)
	r.checkAccess(c)
	r.checkWords(c)
}

// bad reports a problem at a key, unless its value could not even be read.
func (r *reader) bad(key, remedy, format string, args ...any) {
	if r.wrong[key] {
		return
	}
	r.problems = append(r.problems, mistake.Problem{
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
	r.choice("queue.repeat_unsure", c.Queue.RepeatUnsure, "never", "once")
	r.choice("milter.scrub", c.Milter.Scrub, "phone", "all", "none")
	if c.Milter.MaxSize <= 0 {
		r.bad("milter.max_size", `write a size such as "10MB"`, "no mail fits into nothing")
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
