package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a variable may have: more is a mistake.
const (
	maxSteps     = 32
	maxEncodings = 4 // each may double its length
)

// variable reads a variable whose % stands at an octet of the template.
func (p *parser) variable(at int, name, body string) error {
	p.flush(at)
	if p.nVariables++; p.nVariables > maxVariables {
		return p.wrong(at, "there are too many variables", fmt.Sprintf("at most %d are possible", maxVariables))
	}
	where, err := p.spot(at, name)
	if err != nil {
		return err
	}
	v := piece{name: name, spot: where, secret: p.settings[name] || p.secret()}
	if where == spotBase {
		p.url.stage = afterBase
	}
	p.last = 'v'
	var attrs []attribute
	for from := strings.IndexByte(body, ';'); from >= 0; {
		from++
		next := strings.IndexByte(body[from:], ';')
		end := len(body)
		if next >= 0 {
			end = from + next
		}
		step, err := p.attribute(at+1+from, name, body[from:end])
		if err != nil {
			return err
		}
		if attrs = append(attrs, step); len(attrs) > maxSteps {
			return p.wrong(step.at, "there are too many attributes", fmt.Sprintf("at most %d are possible", maxSteps))
		}
		if from = end; next < 0 {
			break
		}
	}
	if err := p.sense(v, attrs); err != nil {
		return err
	}
	if name == "udh" {
		attrs = countFirst(attrs)
	}
	for _, a := range attrs {
		v.steps = append(v.steps, a.step)
	}
	p.pieces, p.starts = append(p.pieces, v), append(p.starts, at)
	p.start = at + len(body) + 2
	return nil
}

// attribute is a step, and where in the template it stands.
type attribute struct {
	step
	at int
}

// attribute reads one attribute of a variable.
func (p *parser) attribute(at int, variable, source string) (attribute, error) {
	none := attribute{}
	name, value, valued := strings.Cut(source, "=")
	key := squeeze(name[:min(len(name), 4*maxName)])
	if valued {
		key += "="
	}
	k, ok := attributes[key]
	if !ok {
		return none, p.unknownAttribute(at, key)
	}
	a := attribute{step{kind: k}, at}
	at += len(name) + 1
	switch k {
	case stepBinary:
		p.sawBinary = true
	case stepCharset:
		a.charsetName = strings.TrimSpace(value)
		if a.charset, ok = Charset(a.charsetName); !ok {
			return none, p.wrong(at, fmt.Sprintf("no charset is called %.40q", a.charsetName), "names are known as IANA has them: utf-8, iso-8859-1, windows-1252")
		}
	case stepInterprefix:
		if variable != "number" && variable != "sender" && variable != "sender_phonealias" {
			return none, p.wrong(a.at, ";interprefix= is for numbers", "remove it, or use it with %number%")
		}
		a.prefix = strings.TrimSpace(value)
	case stepValue:
		return a, p.value(&a.step, at, at+len(value))
	}
	return a, nil
}

// unknownAttribute says what is wrong with an attribute that there is not.
func (p *parser) unknownAttribute(at int, key string) *Error {
	if p.secret() {
		return p.wrong(at, "there is no such attribute", "")
	}
	plain := strings.TrimSuffix(key, "=")
	if key == "" {
		return p.wrong(at, "an attribute is missing behind the ;", "remove the ;")
	}
	if _, ok := attributes[plain+"="]; ok && plain == key {
		return p.wrong(at, ";"+plain+" needs a value", "write ;"+plain+"= and the value")
	}
	word := leading(plain)
	if _, ok := attributes[word]; ok {
		if word == plain {
			return p.wrong(at, ";"+plain+" takes no value", "write ;"+plain)
		}
		return p.wrong(at+len(word), "the variable is not closed behind ;"+word, "write % behind it")
	}
	names := slices.Sorted(maps.Keys(attributes))
	what := fmt.Sprintf("no attribute is called %.40s", plain)
	for _, same := range []struct{ word, name string }{{"base64", "b64"}, {"length", "len"}, {"hexadecimal", "hex"}, {"ucs2", "unicode"}} {
		if plain == same.word {
			return p.wrong(at, what, "did you mean ;"+same.name+"?")
		}
	}
	if near := nearest(key, names); near != "" {
		return p.wrong(at, what, "did you mean ;"+near+"?")
	}
	return p.wrong(at, what, "there are "+strings.Join(names, ", "))
}

// value reads the text of ;value=. It is fixed text, and what follows the
// variable must not depend on whether it stands there.
func (p *parser) value(s *step, from, to int) error {
	url, json := p.url, p.json
	if err := p.fixed(from, to); err != nil {
		return err
	}
	s.fixed, s.masked = p.text.out.String(), p.text.masked.String()
	if s.source = mask; s.masked == s.fixed {
		s.source = p.src[from:to]
	}
	if p.url.stage != url.stage {
		return p.wrong(from, "a / or ? that ends the server or the path cannot stand in ;value=", "write it in front of the variable")
	}
	if p.json.inside != json.inside || p.json.escaped {
		return p.wrong(from, "the quotes in ;value= leave a string open, or close one", "have whole members in it, or whole words")
	}
	url.secret = url.secret || p.url.secret
	p.text, p.url, p.json, p.last = fixedText{}, url, json, 'v'
	return nil
}

// countFirst puts ;len of a header in front of its encoding, where R has it
// behind, too: what is counted are always the header's octets.
func countFirst(attrs []attribute) []attribute {
	var ordered []attribute
	section := 0 // where the steps behind the last condition begin
	for _, a := range attrs {
		if a.kind == stepLen {
			ordered = slices.Insert(ordered, section, a)
		} else {
			ordered = append(ordered, a)
		}
		if a.condition() {
			section = len(ordered)
		}
	}
	return ordered
}

// sense checks that each attribute finds what it needs, whatever the text is.
func (p *parser) sense(v piece, attrs []attribute) error {
	octets, encodings := -1, 0 // the attribute that has made octets of the text
	for i, a := range attrs {
		switch a.kind {
		case stepUCS2, stepCharset:
			if v.name == "udh" {
				return p.wrong(a.at, "%udh% is no text", "use ;hex or ;b64")
			}
			if octets >= 0 {
				return p.wrong(a.at, "this attribute needs text, and the one before it has made octets of that", "remove one of them")
			}
			if utf := strings.ToLower(a.charsetName); utf == "utf-8" || utf == "utf8" || utf == "us-ascii" {
				continue
			}
			octets = i
			encodings++
		case stepLen:
			if v.name != "udh" {
				octets = i
			}
		case stepRaw:
			if v.spot.needsText() {
				octets = i
			}
		case stepHex, stepB64:
			octets = -1
			encodings++
		}
		if encodings > maxEncodings {
			return p.wrong(a.at, "this encodes what has been encoded often enough", fmt.Sprintf("at most %d encodings are possible", maxEncodings))
		}
		last := i+1 == len(attrs) || attrs[i+1].condition()
		if !last {
			continue
		}
		if octets >= 0 && v.spot.needsText() && attrs[octets].kind != stepUCS2 {
			return p.wrong(attrs[octets].at, "this makes octets, which cannot stand here", "add ;hex or ;b64")
		}
		octets = -1
	}
	return nil
}
