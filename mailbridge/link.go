package mailbridge

import (
	"net/url"
	"regexp"
	"strings"
)

// endLink writes the address of a link behind its words, unless they show it.
func (p *page) endLink() {
	href := directLink(p.href)
	p.href = ""
	scheme, rest, _ := strings.Cut(href, ":")
	shown := href
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "https", "ftp":
		rest = strings.TrimPrefix(rest, "//")
	case "mailto", "tel", "sms":
		rest, _, _ = strings.Cut(rest, "?")
		if decoded, err := url.PathUnescape(rest); err == nil {
			rest = decoded
		}
		shown = oneLine(rest)
	case "geo":
	default:
		return
	}
	if len(href) > maxLink || rest == "" {
		return
	}
	words := strings.TrimSpace(p.out.String()[min(p.words, p.out.Len()):])
	switch {
	case words == "":
		p.word(shown)
	case !shows(scheme, words, rest):
		p.space = true
		p.word("(" + shown + ")")
	}
}

// shows reports whether the words of a link say its address.
func shows(scheme, words, rest string) bool {
	if scheme == "tel" || scheme == "sms" {
		return digitsOf(rest) != "" && strings.HasSuffix(digitsOf(words), strings.TrimLeft(digitsOf(rest), "0"))
	}
	words = strings.ToLower(strings.ReplaceAll(words, "\n", ""))
	rest = strings.ToLower(strings.TrimSuffix(rest, "/"))
	if strings.Contains(words, rest) {
		return true
	}
	if decoded, err := url.PathUnescape(rest); err == nil && strings.Contains(words, decoded) {
		return true
	}
	return strings.Contains(words, strings.TrimPrefix(rest, "www."))
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// directLink gives the address that Microsoft's link protection has wrapped: the
// wrapping is longer than a text.
func directLink(href string) string {
	const wrapping = ".safelinks.protection.outlook.com/"
	if !strings.Contains(href[:min(len(href), 100)], wrapping) {
		return href
	}
	u, err := url.Parse(href)
	if err != nil || !strings.HasSuffix(u.Host+"/", wrapping) {
		return href
	}
	if inner := u.Query().Get("url"); strings.HasPrefix(inner, "http") && !strings.ContainsAny(inner, " \t\r\n") {
		return inner
	}
	return href
}

// Outlook writes a link into plain text as its words and, in angle brackets, its
// address; and where a picture was, its Content-ID.
var (
	bracketed = regexp.MustCompile(`(\S*)<((https?|mailto|tel):[^<>\s]+)>`)
	cidMark   = regexp.MustCompile(`\[cid:[^\[\]\s]+\]`)
)

// plainLinks writes the address of each such link once, and takes the marks of
// pictures away.
func plainLinks(text string) string {
	if strings.Contains(text, "[cid:") {
		text = cidMark.ReplaceAllString(text, "")
	}
	if !strings.Contains(text, "<http") && !strings.Contains(text, "<mailto:") && !strings.Contains(text, "<tel:") {
		return text
	}
	return bracketed.ReplaceAllStringFunc(text, func(link string) string {
		open := strings.LastIndexByte(link, '<')
		words, href := link[:open], directLink(link[open+1:len(link)-1])
		scheme, rest, _ := strings.Cut(href, ":")
		rest = strings.TrimPrefix(rest, "//")
		if words != "" && shows(scheme, words, rest) {
			return words
		}
		return words + "<" + href + ">"
	})
}
