package phone

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Recipient is one phone address, understood. Every spelling of one address gives the same Recipient.
type Recipient struct {
	Number   string // E.164 with its "+", or the digits of a short code
	Short    bool   // Number is a short code
	Domain   string // as served: lower case, A-labels
	Prefix   string // lower case; "" for a phone domain's plain number, which has the first prefix's defaults
	Account  string // the prefix's account, "" for none
	User     string // user=, decoded; see UserCandidates
	Password Secret // pass=
	Key      Secret // key=
	Params   Params // all others, the prefix's defaults included, sorted by name
}

// Param is one parameter with its value decoded; its name is in lower case.
type Param struct{ Name, Value string }

// Params are sorted by name; the order of repeated values is kept.
type Params []Param

// Get gives the value of a parameter and whether it is there; the first of a repeated one.
func (ps Params) Get(name string) (string, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// Map gives all values by name; never nil.
func (ps Params) Map() map[string][]string {
	m := make(map[string][]string, len(ps))
	for _, p := range ps {
		m[p.Name] = append(m[p.Name], p.Value)
	}
	return m
}

// with adds what defaults say and ps does not.
func (ps Params) with(defaults Params) Params {
	if len(defaults) == 0 {
		return ps
	}
	all := slices.Clone(ps)
	for _, d := range defaults {
		if _, said := ps.Get(d.Name); !said {
			all = append(all, d)
		}
	}
	all.sort()
	return all
}

func (ps Params) sort() {
	if len(ps) > 1 {
		slices.SortStableFunc(ps, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	}
}

// MaxParts is the limit that maxmsgs sets, 1 to 128; 0 if it sets none.
func (r Recipient) MaxParts() int { return r.number("maxmsgs") }

// Validity is how long the message may wait, from validity's minutes; 0 if nothing is said.
func (r Recipient) Validity() time.Duration {
	return time.Duration(r.number("validity")) * time.Minute
}

// Flash reports whether flash asks for a class 0 message (3GPP TS 23.038 §4), to be shown at once.
func (r Recipient) Flash() bool { return r.number("flash") == 1 }

func (r Recipient) number(name string) int {
	value, _ := r.Params.Get(name)
	n, _ := strconv.Atoi(value)
	return n
}

// UserCandidates gives the names to try in turn for user=: as decoded, then with "@" where the last "%", or for
// want of one the last "/", stands: "john%example.org" is tried as that and as "john@example.org". None without user.
func (r Recipient) UserCandidates() []string {
	if r.User == "" {
		return nil
	}
	at := strings.LastIndexByte(r.User, '%')
	if at < 0 {
		at = strings.LastIndexByte(r.User, '/')
	}
	if at < 0 || strings.Contains(r.User, "@") {
		return []string{r.User}
	}
	return []string{r.User, r.User[:at] + "@" + r.User[at+1:]}
}

// Public is r without password and key.
func (r Recipient) Public() Recipient {
	r.Password, r.Key = Secret{}, Secret{}
	return r
}

// String writes the canonical address without password and key.
func (r Recipient) String() string { return r.Public().Reveal() }

// Reveal writes the canonical address with password and key in it: for the next hop only, never for a log or header.
func (r Recipient) Reveal() string {
	local := r.Number
	if r.Prefix != "" {
		local = r.Prefix + ":" + local
	}
	if query := r.query(); len(query) > 0 {
		local += "?" + strings.Join(query, "&")
	}
	if r.Prefix != "" || strings.Contains(local, "..") || strings.HasSuffix(local, ".") {
		local = `"` + local + `"`
	}
	return local + "@" + r.Domain
}

// query gives the parameters, encoded. With them nothing but the prefix's colon and misplaced dots need quotes.
func (r Recipient) query() []string {
	var q []string
	add := func(name, value string) { q = append(q, name+"="+encode(name, value)) }
	if r.User != "" {
		add("user", r.User)
	}
	if !r.Password.Empty() {
		add("pass", r.Password.Reveal())
	}
	if !r.Key.Empty() {
		add("key", r.Key.Reveal())
	}
	for _, p := range r.Params {
		add(p.Name, p.Value)
	}
	return q
}
