package pattern

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads a URL whose variables are among known. White space between its
// parts does not count, for such URLs come from printed pages (RFC 3986 Appendix
// C); names count in upper and lower case alike. The error is for people, and
// repeats nothing of the path and the query but a name of a variable: there is a
// password in many.
func Parse(text string, known []string) (*URL, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > MaxLength:
		return nil, wrong("the URL has more than %d characters", MaxLength)
	case !utf8.ValidString(text):
		return nil, wrong("the URL is not UTF-8")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !isSpace(r) }):
		return nil, wrong("there are control characters in the URL")
	case strings.ContainsAny(text, "<>"):
		return nil, wrong("a name in < > stands for what has to be written in its place")
	case strings.Contains(text, "#"):
		return nil, wrong("a # ends a URL, and what is behind it is never sent; %%23 is the character itself")
	}
	scheme, rest, err := cutScheme(text)
	if err != nil {
		return nil, err
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	server := strings.TrimSpace(rest[:end])
	host, err := checkServer(server)
	if err != nil {
		return nil, err
	}
	p := parser{src: rest[end:], known: known}
	p.out.WriteString(scheme + strings.ToLower(server))
	if !strings.HasPrefix(p.src, "/") {
		p.write('/')
	}
	if err := p.parse(); err != nil {
		return nil, err
	}
	u := &URL{host, p.pieces}
	if _, err := u.Expand(func(string) string { return "x" }); err != nil {
		return nil, wrong("the path of the URL has a . or .. in it: write where that leads")
	}
	return u, nil
}

func cutScheme(text string) (scheme, rest string, err error) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return scheme, text[len(scheme):], nil
		}
	}
	return "", "", wrong("a URL begins with https:// or http://")
}

// checkServer reads a host with perhaps a port.
func checkServer(server string) (host string, err error) {
	switch {
	case strings.Contains(server, "@"):
		return "", wrong("a user and password in front of the server are not sent: leave them out")
	case strings.Contains(server, "%"):
		return "", wrong("variables and %% cannot stand in the name of the server")
	}
	u, err := url.Parse("http://" + server)
	if err != nil || u.Host != server || u.Hostname() == "" {
		return "", wrong("the name of the server is missing, or cannot be read")
	}
	host = strings.ToLower(u.Hostname())
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) || strings.HasSuffix(server, ":") {
		return "", wrong("the port of the server is none")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	if strings.ContainsFunc(host, func(r rune) bool {
		return !strings.ContainsRune(letters+"-._", r) && (r < utf8.RuneSelf || !unicode.In(r, unicode.L, unicode.N, unicode.M))
	}) {
		return "", wrong("the name of the server has characters in it that no name has")
	}
	return host, nil
}

// parser reads the path and the query.
type parser struct {
	src    string
	known  []string
	out    strings.Builder // fixed text since the last variable
	last   byte            // written last; 0: a variable
	query  bool
	pieces []piece
}

func (p *parser) parse() error {
	for i := 0; i < len(p.src); {
		rest := p.src[i:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case strings.HasPrefix(rest, "%%"):
			n, err := p.variable(rest)
			if err != nil {
				return err
			}
			size = n
		case r == '%':
			if _, err := url.PathUnescape(rest[:min(3, len(rest))]); err != nil {
				return p.stray()
			}
			size = 3
			p.writeAll(rest[:3])
		case isSpace(r):
			size = p.space(i)
		case r == '?' && !p.query:
			p.query = true
			p.write('?')
		case strings.ContainsRune(legal, r) || r == '?':
			p.write(byte(r))
		default:
			p.writeAll(percent(rest[:size]))
		}
		i += size
	}
	p.flush()
	return nil
}

func (p *parser) write(c byte) {
	p.out.WriteByte(c)
	p.last = c
}

func (p *parser) writeAll(s string) {
	p.out.WriteString(s)
	p.last = s[len(s)-1]
}

// flush ends the fixed text.
func (p *parser) flush() {
	if p.out.Len() > 0 {
		p.pieces = append(p.pieces, piece{fixed: p.out.String()})
		p.out.Reset()
	}
}

// variable reads what stands between %% and %%.
func (p *parser) variable(rest string) (size int, err error) {
	end := strings.Index(rest[2:], "%%")
	if end < 0 {
		return 0, p.stray()
	}
	name := strings.ToLower(strings.Join(strings.Fields(rest[2:2+end]), ""))
	if !slices.Contains(p.known, name) {
		if len(name) > 30 || strings.Trim(name, letters+"_") != "" {
			return 0, p.stray()
		}
		return 0, wrong("there is no variable %%%%%s%%%%; there are %s", name, strings.Join(p.known, ", "))
	}
	p.flush()
	p.pieces = append(p.pieces, piece{name: name})
	p.last = 0
	return end + 4, nil
}

// stray says what is wrong with a percent sign that begins nothing.
func (p *parser) stray() error {
	low := strings.ToLower(p.src)
	for _, name := range p.known {
		if strings.Contains(low, "%"+name) && !strings.Contains(low, "%%"+name+"%%") {
			return wrong("write %%%%%s%%%%, with two percent signs on both sides", name)
		}
	}
	return wrong("a percent sign in the URL begins neither a variable, %%%%from%%%%, nor a character, %%20; %%25 is the sign itself")
}

// space reads white space at a place. Within words it counts.
func (p *parser) space(from int) (size int) {
	next := from
	for next < len(p.src) && isSpace(rune(p.src[next])) {
		next++
	}
	const between = "/?&="
	run := p.src[from:next]
	if !strings.ContainsAny(run, "\r\n") && next < len(p.src) && strings.IndexByte(between, p.src[next]) < 0 &&
		(p.last == 0 || strings.IndexByte(between, p.last) < 0) {
		p.writeAll(percent(run))
	}
	return next - from
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }
