package httpgw

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// mask takes secrets out of what a log may get: those of the site in every form
// in which an answer or an error may repeat them.
type mask struct{ replace *strings.Replacer }

// shortest secret that is looked for: a shorter one would be found in every
// second word.
const shortest = 4

// newMask learns the secret values of a gateway.
func newMask(p *provider.Provider, settings map[string]string) mask {
	var secrets []string
	for _, n := range p.Needs {
		if n.Secret {
			secrets = append(secrets, settings[n.Name])
		}
		if n.Template {
			secrets = append(secrets, parameters(settings[n.Name])...)
		}
	}
	if a := p.Send.Auth; a.Kind == provider.BasicAuth {
		e := expander{v: template.Values{Settings: settings}}
		secrets = append(secrets, e.text(a.User)+":"+e.text(a.Password))
	}
	for _, name := range []string{provider.VarIncoming, provider.VarReceipts} {
		secrets = append(secrets, settings[name])
	}
	var forms []string
	for _, s := range secrets {
		if len(s) < shortest {
			continue
		}
		forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), strings.Trim(quoteJSON(s), `"`))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // the longest first
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, "***")
	}
	return mask{strings.NewReplacer(pairs...)}
}

// parameters are the fixed values in a URL that a site wrote out: one of them is
// the password.
func parameters(source string) (values []string) {
	_, query, _ := strings.Cut(source, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if _, value, ok := strings.Cut(pair, "="); ok && !strings.Contains(value, "%") {
			values = append(values, value)
		} else if plain, err := url.QueryUnescape(value); ok && err == nil {
			values = append(values, plain)
		}
	}
	return values
}

// text is one line of at most 300 characters without secrets.
func (m mask) text(s string) string {
	s = m.replace.Replace(s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}
