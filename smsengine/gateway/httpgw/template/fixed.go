package template

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// stage says which part of a URL is being read.
type stage uint8

const (
	beginning stage = iota
	server
	afterBase
	path
	query
)

// urlState is what has been read of a URL or form.
type urlState struct {
	stage   stage
	host    bool   // the server has a name
	name    string // of the parameter, as far as it has been read
	inValue bool
	secret  bool // the parameter's value is not to be shown
	starred bool // *** stands for it already
}

// jsonState is what has been read of a JSON document.
type jsonState struct {
	inside, escaped bool
	word            string // of the string that is read, or was read last
	secret          bool   // of the member's value
	starred         bool
}

// maxWord bounds the names that are remembered, in octets.
const maxWord = 64

// secret reports whether what is being read is a secret by its name.
func (p *parser) secret() bool {
	return p.url.secret && p.url.inValue || p.json.secret && p.json.inside
}

// write puts out fixed text, and hides it in logs if it is a secret.
func (p *parser) write(s string) {
	p.text.out.WriteString(s)
	p.last = s[len(s)-1]
	if !p.secret() {
		p.text.masked.WriteString(s)
		return
	}
	if !p.url.starred && !p.json.starred {
		p.text.masked.WriteString(mask)
	}
	p.url.starred, p.json.starred = p.inURL(), !p.inURL()
}

// sign puts out the percent sign that %% means.
func (p *parser) sign(at int) error {
	if !p.inURL() {
		p.write("%")
		p.json.read('%')
		return nil
	}
	return p.octetOf(at, "%25")
}

// octet puts out the octet of a URL that stands at at.
func (p *parser) octet(at int) error { return p.octetOf(at, p.src[at:at+3]) }

func (p *parser) octetOf(at int, s string) error {
	if p.url.stage < path {
		return p.wrong(at, "a percent sign cannot stand in the name of a server", "write the name itself")
	}
	p.write(s)
	if octet, err := hex.DecodeString(s[1:]); err == nil {
		p.url.called(string(octet))
	}
	return nil
}

// fixed reads fixed text without a percent sign.
func (p *parser) fixed(from, to int) error {
	for i := from; i < to; {
		r, size := utf8.DecodeRuneInString(p.src[i:to])
		switch {
		case p.inURL() && isSpace(r):
			i = p.space(i, to)
			continue
		case p.inURL():
			if err := p.urlRune(i, r); err != nil {
				return err
			}
		case p.place == JSON:
			p.jsonRune(r)
		case p.place == Header && isControl(r):
			return p.wrong(i, "line ends and other control characters cannot stand in a header", "remove it")
		default:
			p.write(p.src[i : i+size])
		}
		i += size
	}
	return nil
}

// space reads white space in a URL. That which printed pages and people put
// between its parts does not count (RFC 3986 Appendix C); one within words does.
func (p *parser) space(from, to int) (next int) {
	next = from
	for next < to && isSpace(rune(p.src[next])) {
		next++
	}
	run := p.src[from:next]
	if p.url.stage < path || strings.ContainsAny(run, "\r\n") || next == len(p.src) ||
		strings.IndexByte("?&=", p.src[next]) >= 0 || p.last == 0 || strings.IndexByte("?&=", p.last) >= 0 {
		return next
	}
	p.write(percent(run))
	return next
}

// urlRune reads a character of a URL or form.
func (p *parser) urlRune(at int, r rune) error {
	u := &p.url
	switch {
	case r == '#':
		return p.wrong(at, "a # ends a URL, and what is behind it is never sent", "write %23")
	case r == '<' || r == '>':
		return p.wrong(at, "a name in < > stands for what you have to write yourself", "put it there, without < >")
	case u.stage == query:
		u.before(r)
	case r == '/' && (u.host || u.stage != server):
		u.stage = path
	case r == '?' && (u.host || u.stage != server):
		p.write("?")
		u.stage = query
		return nil
	case u.stage == afterBase:
		return p.wrong(at, "a / or ? is missing behind the variable", "write it there")
	case u.stage == server && r == '@':
		return p.wrong(at, "a user and password cannot stand in a URL", "use the gateway's authentication")
	case u.stage == server && !strings.ContainsRune(hostLetters, r):
		return p.wrong(at, fmt.Sprintf("%q cannot stand in the name of a server", r), "write the whole URL, as http://example.com/send?to=%number%")
	case u.stage == server:
		u.host = true
	}
	if !strings.ContainsRune(urlLetters, r) {
		p.write(percent(string(r)))
	} else {
		p.write(string(r))
	}
	u.after(r)
	return nil
}

// before and after follow the parameters of a query: what ends one is not
// hidden with its value, nor is the = in front of that.
func (u *urlState) before(r rune) {
	if r == '&' {
		u.name, u.inValue, u.secret, u.starred = "", false, false, false
	}
}

func (u *urlState) after(r rune) {
	switch {
	case u.stage != query || r == '&':
	case r == '=' && !u.inValue:
		u.inValue, u.secret = true, looksSecret(u.name)
	default:
		u.called(string(r))
	}
}

// called reads on in the name of a parameter.
func (u *urlState) called(s string) {
	if u.stage == query && !u.inValue && len(u.name) < maxWord {
		u.name += s
	}
}

// jsonRune reads a character of a JSON document.
func (p *parser) jsonRune(r rune) {
	if p.json.inside { // then a quote ends what is hidden, and else it begins
		p.json.read(r)
		p.write(string(r))
		return
	}
	p.write(string(r))
	p.json.read(r)
}

// read follows the strings and members of a document.
func (j *jsonState) read(r rune) {
	switch {
	case j.escaped:
		j.escaped = false
	case j.inside && r == '\\':
		j.escaped = true
	case r == '"' && !j.inside:
		j.inside, j.word, j.starred = true, "", false
	case r == '"':
		j.inside = false
	case j.inside:
		if len(j.word) < maxWord {
			j.word += string(r)
		}
	case r == ':':
		j.secret = looksSecret(j.word)
	case r == ',' || r == '{' || r == '}' || r == ']':
		j.secret = false
	}
}

// looksSecret reports whether the name of a parameter says that its value is
// for few eyes.
func looksSecret(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	switch name {
	case "h", "pw", "pwd", "pin", "key", "sig", "hash", "auth", "authorization":
		return true
	}
	for _, word := range []string{"pass", "secret", "token", "apikey", "accesskey", "privatekey", "signature", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
