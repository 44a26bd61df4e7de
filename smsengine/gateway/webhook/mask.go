package webhook

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
)

// mask takes out of what a stranger says all that an answer may repeat of the
// request and nobody else is to read: the path and the query, in which there are
// passwords and texts, and the secret.
type mask struct{ replace *strings.Replacer }

// shortest part of a URL that is looked for: a shorter one is found in every
// second word.
const shortest = 4

// maxWords is how many characters of a stranger's words are repeated.
const maxWords = 120

func newMask(hook smsengine.Webhook, called *url.URL) mask {
	var secrets []string
	if len(hook.Secret) > 0 {
		text := SecretText(hook.Secret)
		secrets = append(secrets, text, strings.TrimPrefix(text, secretPrefix), string(hook.Secret), base64.RawURLEncoding.EncodeToString(hook.Secret))
	}
	for _, all := range []string{hook.URL, called.RequestURI(), called.EscapedPath(), called.RawQuery} {
		secrets = append(secrets, all)
		for _, part := range strings.FieldsFunc(all, func(r rune) bool { return strings.ContainsRune("/?&=", r) }) {
			if part == called.Host || strings.HasPrefix(part, "http") && strings.HasSuffix(part, ":") {
				continue
			}
			secrets = append(secrets, part)
			for _, read := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
				if plain, err := read(part); err == nil {
					inJSON, _ := json.Marshal(plain)
					secrets = append(secrets, plain, html.EscapeString(plain), strings.Trim(string(inJSON), `"`))
				}
			}
		}
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < shortest })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // the longest first
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, "***")
	}
	return mask{strings.NewReplacer(pairs...)}
}

// text is one line of at most maxWords characters without secrets.
func (m mask) text(s string) string {
	s = strings.ToValidUTF8(m.replace.Replace(s), "�")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }), " ")
	if r := []rune(s); len(r) > maxWords {
		s = string(r[:maxWords]) + "…"
	}
	return s
}
