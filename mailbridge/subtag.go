package mailbridge

import "strings"

// primarySubtag gives the primary subtag (RFC 5646 §2.2.1) of the first language in
// Content-Language or Accept-Language: "de" of "de-DE, en-US;q=0.8". "" if it is
// none.
func primarySubtag(v string) string {
	v = strings.TrimSpace(v)
	if i := strings.IndexAny(v, "-_,; \t("); i >= 0 {
		v = v[:i]
	}
	v = strings.ToLower(v)
	if len(v) < 2 || len(v) > 3 || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return v
}
