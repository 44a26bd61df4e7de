package template

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

// begin reads what is special at the beginning, and says where to go on.
func (p *parser) begin() (next int, err error) {
	if p.place == Form {
		p.url.stage = query
	}
	if p.place != URL {
		return 0, nil
	}
	next = len(p.src) - len(strings.TrimLeft(p.src, " \t\r\n"))
	p.start = next
	for _, scheme := range []string{"http://", "https://"} {
		if s := p.src[next:]; len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			p.write(scheme)
			p.url.stage = server
			return next + len(scheme), nil
		}
	}
	if !strings.HasPrefix(p.src[next:], "%") {
		return 0, p.wrong(next, "a URL begins with http:// or https://", "write the whole URL")
	}
	return next, nil
}

// end checks what can only be known at the end.
func (p *parser) end() error {
	switch {
	case p.place == URL && p.url.stage == server && !p.url.host:
		return p.wrong(len(p.src), "the name of the server is missing", "write the whole URL")
	case p.place == URL:
		return p.checkServer()
	case p.place == JSON:
		for _, a := range []sms.Alphabet{sms.GSM7, sms.UCS2, sms.Binary} {
			if err := p.checkJSON(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// spot says where a variable stands, and whether it may.
func (p *parser) spot(at int, name string) (spot, error) {
	_, setting := p.settings[name]
	switch p.place {
	case Field:
		return spotOctets, nil
	case Text:
		return spotText, nil
	case Header:
		return spotHeader, nil
	case Form:
		return spotQuery, nil
	case JSON:
		if p.json.escaped {
			return 0, p.wrong(at, "a \\ stands in front of the variable", "remove it, or write two")
		}
		if p.json.inside || name == "condition" {
			return spotJSONString, nil
		}
		switch name {
		case "parts", "binary", "pid", "dcs":
			return spotJSONNumber, nil
		}
		if setting {
			return spotJSONNumber, nil
		}
		return 0, p.wrong(at, "%"+name+"% is no number and stands outside of quotes", "write \"%"+name+"%\"")
	}
	switch p.url.stage {
	case path:
		return spotPath, nil
	case query:
		return spotQuery, nil
	case afterBase:
		return 0, p.wrong(at, "a / or ? is missing between the variables", "write / or ? in front of the second")
	}
	if !setting {
		return 0, p.wrong(at, "%"+name+"% cannot choose the server that is asked", "write the server's name, or use a setting of the gateway")
	}
	if p.url.stage == beginning {
		return spotBase, nil
	}
	p.url.host = true
	return spotHost, nil
}

// checkServer parses the beginning of the URL, up to its path; what follows is
// legal as it was read.
func (p *parser) checkServer() error {
	var b strings.Builder
	for i, piece := range p.pieces {
		switch piece.spot {
		case spotBase:
			return nil
		case spotHost:
			b.WriteString("x")
			continue
		}
		b.WriteString(piece.fixed)
		if i+1 == len(p.pieces) || p.pieces[i+1].spot != spotHost {
			break
		}
	}
	all := b.String()
	at := strings.IndexAny(all[len("https://"):], "/?")
	if at >= 0 {
		all = all[:len("https://")+at]
	}
	if u, err := url.Parse(all); err != nil || u.Hostname() == "" {
		return p.wrong(p.starts[0], "this is not how a server is written in a URL", "write http://example.com/ or http://192.0.2.1:8080/")
	}
	return nil
}

// endOfJSON is what encoding/json says where a document breaks off.
const endOfJSON = "unexpected end of JSON input"

// checkJSON parses what a text of an alphabet would make of the template.
func (p *parser) checkJSON(a sms.Alphabet) error {
	var b strings.Builder
	offsets := make([]int, len(p.pieces))
	for i, piece := range p.pieces {
		offsets[i] = b.Len()
		steps, stands := choose(piece.steps, a)
		switch {
		case piece.name == "":
			b.WriteString(piece.fixed)
		case !stands:
		default:
			if piece.spot == spotJSONNumber {
				b.WriteString("null")
			}
			for _, s := range steps {
				b.WriteString(s.fixed)
			}
		}
	}
	err := json.Unmarshal([]byte(b.String()), new(json.RawMessage))
	if err == nil {
		return nil
	}
	at := len(p.src)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && int(syntax.Offset) <= b.Len() && syntax.Error() != endOfJSON {
		for i, offset := range offsets {
			if wrong := int(syntax.Offset) - 1; wrong >= offset {
				at = p.starts[i]
				if p.pieces[i].name == "" {
					at += wrong - offset
				}
			}
		}
	}
	return p.wrong(min(at, len(p.src)), "with a text in "+a.String()+" this is no JSON: "+err.Error(), "")
}
