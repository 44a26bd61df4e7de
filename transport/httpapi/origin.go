package httpapi

import (
	"net/http"
	"net/url"
	"strings"
)

// foreign reports whether a browser sends the request for a page of another
// origin. Not only requests that change something count, as usual: a text can be
// sent by GET. Browsers say it in Sec-Fetch-Site where the connection is
// trustworthy, else in Origin, or at least in Referer. Programs say nothing.
//
// A page that hides all of that has only the credentials that it brings itself:
// browsers add none, because nobody ever asks them to (there is no challenge of
// Basic) and there are no cookies.
func foreign(r *http.Request, host string) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person typed it in
		return false
	case "":
	default:
		return true
	}
	for _, name := range []string{"Origin", "Referer"} {
		for _, from := range r.Header.Values(name) {
			if h := hostOf(from); h == "" || !strings.EqualFold(h, r.Host) && !strings.EqualFold(h, host) {
				return true
			}
		}
	}
	return false
}

// hostOf is the host of a URL, with its port, "" if it has none.
func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}
