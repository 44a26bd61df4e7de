package mailbridge

import (
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
)

// Clean gives the address of a phone without the password or key in it, and
// without the user name that goes with them, otherwise as it was written. secret
// is false if there is none in it, or if the address is not a phone that p
// understands; it is returned as it is then. An address with angle brackets comes
// back without them.
func Clean(p *phone.Parser, addr string) (clean string, secret bool) {
	r, isPhone, err := p.Parse(addr)
	if !isPhone || err != nil || r.Password.Empty() && r.Key.Empty() {
		return addr, false
	}
	want := r.Public()
	want.User = ""
	// What the writer did not encode, some mail server on the way may not stand
	// encoded: the canonical form is for addresses that cannot be cut.
	cut := withoutSecrets(addr)
	if got, isPhone, err := p.Parse(cut); isPhone && err == nil && got.Reveal() == want.String() {
		return cut, true
	}
	return want.String(), true
}

// withoutSecrets cuts the parameters user, pass and key out of an address.
func withoutSecrets(addr string) string {
	addr = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(addr), "<"), ">")
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return addr
	}
	local, domain := addr[:at], addr[at+1:]
	if len(local) > 1 && local[0] == '"' && strings.HasSuffix(local, `"`) {
		local = unquoting.Replace(local[1 : len(local)-1])
	}
	number, query, _ := strings.Cut(local, "?")
	kept := number
	sign := "?"
	for segment := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(segment, "=")
		switch strings.ToLower(strings.Trim(name, " ")) {
		case "", "user", "pass", "key":
			continue
		}
		kept += sign + segment
		sign = "&"
	}
	return quoteLocal(kept) + "@" + domain
}
