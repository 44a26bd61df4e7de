// Package phone reads the mail addresses that mean a telephone, and telephone numbers for every other door.
//
// A Parser is made once from the site's Rules and then used by all sessions; Parse is a pure function of its
// argument. It takes an envelope recipient as real clients and mail servers write it:
//
//	+15551234567@sms.example.org              a phone domain, the form every client can type, save and answer
//	"sms:+15551234567"@example.org            a prefix, quoted as RFC 5321 wants; unquoted is taken too
//	SMS=+15551234567?maxmsgs=3@example.org    RFC 3192
//	sms+15551234567@example.org               a helper account with an extension
//	IMCEASMS-+2B15551234567@example.org       what Exchange makes of [SMS:+15551234567]
//	+15551234567@example.org                  what is left when a client takes "sms:" for a group (RFC 5322 §3.4)
//
// and says one of three things: this is a phone, this is no phone, or this was meant to be a phone and is wrong
// (an *Error, to be answered with 553 5.1.3). A wrong number texts a stranger, so nothing is guessed: what cannot be
// one possible number, whole, is refused. One address names one number; ";", "," or a second "@" outside quotes
// is refused whole.
//
// # Parameters
//
// They follow a "?" and are joined by "&", with reserved characters percent-encoded (RFC 3986 §2.2): user, pass, key,
// maxmsgs, binary, udh, pid, dcs, sender, authenticated, reply, id, value (may repeat), flash, validity, receipt. A
// name that is none of these, or given twice, is an error: a misspelt "maxmgs" should not cost money. "authenticated"
// is kept but never believed here. In user and reply "=40" also stands for "@", because mail servers treat "%"
// specially. In user only encoded reserved ASCII characters are decoded; see Recipient.UserCandidates for the rest.
//
// # The canonical form
//
// Recipient.String writes the address that documentation should show, without secrets: the number alone in a phone
// domain, else prefix, colon and number, quoted where RFC 5321 §4.1.2 needs it ("sms:+1…"@example.org always does),
// with parameters in alphabetical order. Recipient.Reveal adds password and key. Both read back: Parse(r.Reveal())
// gives r, Parse(r.String()) gives r.Public().
//
// Redact removes secrets from any text that holds such an address; log lines and stored headers go through it.
package phone

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
)

// Rules say which addresses mean a phone at this site. The zero value serves no domain.
type Rules struct {
	Domains      []string // mail domains in which only prefixed (and, with BareNumbers, bare) numbers are phones
	PhoneDomains []string // domains in which every address but postmaster is a phone
	Prefixes     []Prefix // none means the one prefix "sms"
	Region       string   // ISO 3166 code whose rules complete national numbers; "" completes none
	ShortCodes   []string // digits that pass although they are no full number
	AnyShort     bool     // 3 to 6 digits pass in any case: somebody else decides about short codes
	BareNumbers  bool     // in Domains, a local part that begins with "+" and a digit is a phone
}

// Prefix is a word before a number, such as sms in "sms:+15551234567". Numbers without one are read as if
// written with the first prefix of the Rules.
type Prefix struct {
	Name     string // letters and digits; case does not matter
	Defaults string // parameters as in an address ("maxmsgs=7&flash=1"), used where the address is silent; no credentials
	Account  string // who sends and pays, "" for nobody in particular
}

// Parser is compiled Rules. They do not change, and it may be used by many goroutines at once.
type Parser struct {
	domains  map[string]domain
	prefixes []prefix
	region   string
	short    map[string]bool
	anyShort bool
	bare     bool
	known    *destinations
}

// domain is one that is served; name is its canonical spelling.
type domain struct {
	name string
	home bool // a phone domain
}

type prefix struct {
	name, account string
	outlook, x400 string // "imceasms-", "/sms="
	defaults      Params
}

// Mute begins the local part of addresses of senders who cannot be answered, because
// they have a name or nothing in place of a number. Parse refuses it in words.
const Mute = "noreply."

// New compiles rules. It fails on names that are no domain or prefix, on a domain listed as both kinds,
// on an unknown region and on defaults that no address could carry.
func New(rules Rules) (*Parser, error) {
	p := &Parser{domains: map[string]domain{}, short: map[string]bool{}, bare: rules.BareNumbers, anyShort: rules.AnyShort, known: new(destinations)}
	if err := p.addDomains(rules.Domains, false); err != nil {
		return nil, err
	}
	if err := p.addDomains(rules.PhoneDomains, true); err != nil {
		return nil, err
	}
	if len(rules.Prefixes) == 0 {
		rules.Prefixes = []Prefix{{Name: "sms"}}
	}
	for _, r := range rules.Prefixes {
		if err := p.addPrefix(r); err != nil {
			return nil, err
		}
	}
	if rules.Region != "" {
		p.region = strings.ToUpper(rules.Region)
		if phonenumbers.GetCountryCodeForRegion(p.region) == 0 {
			return nil, fmt.Errorf("region %q: not an ISO 3166 code with telephone numbers", rules.Region)
		}
	}
	for _, code := range rules.ShortCodes {
		if len(code) < 2 || len(code) > 10 || strings.Trim(code, "0123456789") != "" {
			return nil, fmt.Errorf("short code %q: must be 2 to 10 digits", code)
		}
		p.short[code] = true
	}
	return p, nil
}

func (p *Parser) addDomains(names []string, home bool) error {
	for _, name := range names {
		ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
		if err != nil || ascii == "" {
			return fmt.Errorf("domain %q: not a domain name", name)
		}
		if old, taken := p.domains[ascii]; taken && old.home != home {
			return fmt.Errorf("domain %q: cannot be both a mail domain and a phone domain", name)
		}
		p.domains[ascii] = domain{name: ascii, home: home}
	}
	return nil
}

func (p *Parser) addPrefix(r Prefix) error {
	name := lower(r.Name)
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || isDigit(name[0]) {
		return fmt.Errorf("prefix %q: must be letters and digits, beginning with a letter", r.Name)
	}
	for _, known := range p.prefixes {
		if known.name == name {
			return fmt.Errorf("prefix %q: named twice", r.Name)
		}
	}
	fields, err := readParams(r.Defaults, true)
	if err != nil {
		return fmt.Errorf("prefix %q: default parameters: %s", r.Name, err.Text)
	}
	if fields.user != "" || !fields.pass.Empty() || !fields.key.Empty() {
		return fmt.Errorf("prefix %q: default parameters name a user, password or key; name an account instead", r.Name)
	}
	p.prefixes = append(p.prefixes, prefix{
		name: name, account: r.Account, defaults: fields.params, outlook: "imcea" + name + "-", x400: "/" + name + "=",
	})
	return nil
}

// served finds a domain as it was written, in any case, with a trailing dot, as U-labels or A-labels (RFC 5890).
func (p *Parser) served(name string) (domain, bool) {
	name = strings.TrimSuffix(name, ".")
	if d, ok := p.domains[name]; ok || len(name) > 255 {
		return d, ok
	}
	if isASCII(name) {
		name = lower(name)
	} else if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	d, ok := p.domains[name]
	return d, ok
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
