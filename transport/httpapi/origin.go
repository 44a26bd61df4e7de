package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// foreign says why a request that a browser sends for a page of another origin is
// refused, "" if it is none. Not only requests that change something count, as
// usual: a text can be sent by GET. Browsers say it in Sec-Fetch-Site where the
// connection is trustworthy, else in Origin, or at least in Referer. Programs say
// nothing.
//
// A page that hides all of that has only the credentials that it brings itself:
// browsers add none, because nobody ever asks them to (there is no challenge of
// Basic) and there are no cookies.
func foreign(r *http.Request, host string) (why string) {
	const others = "pages of other sites may not use this interface"
	if rebound(r, host) {
		return "browsers are answered under a name that http.url gives, as localhost, or by address"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person typed it in
		return ""
	case "":
	default:
		return others
	}
	for _, name := range []string{"Origin", "Referer"} {
		for _, from := range r.Header.Values(name) {
			if h := hostOf(from); h == "" || !strings.EqualFold(h, r.Host) && !strings.EqualFold(h, host) {
				return others
			}
		}
	}
	return ""
}

// rebound reports whether a browser may have been led here: it asks for a name
// that is not ours, whose owner has it point to us, so that a page from there
// seems to be of our origin (DNS rebinding). Over TLS the certificate says whose
// the name is.
func rebound(r *http.Request, host string) bool {
	if r.TLS != nil || !browser(r.Header) {
		return false
	}
	asked := nameOf(r.Host)
	_, err := netip.ParseAddr(asked)
	return err != nil && !strings.EqualFold(asked, "localhost") && (host == "" || !strings.EqualFold(asked, nameOf(host)))
}

// browser reports whether a browser asks, as far as it says so.
func browser(h http.Header) bool {
	for _, name := range []string{"Sec-Fetch-Site", "Origin", "Referer"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return strings.HasPrefix(h.Get("User-Agent"), "Mozilla/")
}

// hostOf is the host of a URL, with its port, "" if it has none.
func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}

// nameOf is a host without its port.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
