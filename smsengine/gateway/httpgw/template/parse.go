package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// What a template may have: more is a mistake, and would only cost memory.
const (
	maxTemplate  = 256 << 10 // octets
	maxVariables = 1000
)

// Parse reads a template for a place; settings are the variables that it may
// use beside those that every template has. The error is an *Error.
func Parse(src string, place Place, settings ...Setting) (*Template, error) {
	p := &parser{src: src, place: place, settings: map[string]bool{}}
	for _, s := range settings {
		if err := CheckName(s.Name); err != nil {
			return nil, p.wrong(0, err.Error(), "")
		}
		p.settings[s.Name] = s.Secret
	}
	if len(src) > maxTemplate {
		return nil, p.wrong(0, "the template is too long", fmt.Sprintf("at most %d octets are possible", maxTemplate))
	}
	if !utf8.ValidString(src) {
		return nil, p.wrong(validLength(src), "this is no UTF-8", "save the file as UTF-8")
	}
	if err := p.template(); err != nil {
		return nil, err
	}
	return &Template{place: place, pieces: p.pieces}, nil
}

// validLength counts the octets in front of the first that is no UTF-8.
func validLength(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return len(s)
}

type parser struct {
	src      string
	place    Place
	settings map[string]bool // whether they are secret, by name

	pieces     []piece
	starts     []int // where the pieces begin in src
	text       fixedText
	start      int // of text, in src
	last       byte
	url        urlState
	json       jsonState
	sawBinary  bool // ;isbinary stands somewhere
	nVariables int
}

// fixedText is fixed text on its way out, and as it is shown in logs.
type fixedText struct{ out, masked strings.Builder }

// template reads everything.
func (p *parser) template() error {
	i, err := p.begin()
	for err == nil && i < len(p.src) {
		next := strings.IndexByte(p.src[i:], '%')
		switch {
		case next < 0:
			err = p.fixed(i, len(p.src))
			i = len(p.src)
		case next > 0:
			err = p.fixed(i, i+next)
			i += next
		default:
			i, err = p.percent(i)
		}
	}
	if err != nil {
		return err
	}
	p.flush(len(p.src))
	if (p.place == URL || p.place == Form) && !p.sawBinary {
		p.countBinaryAsASCII()
	}
	return p.end()
}

// countBinaryAsASCII makes ;isascii hold for binary data, which is base64, in a
// whole request that never asks for binary: so R's URL for Clickatell carries
// it, as its manual says.
func (p *parser) countBinaryAsASCII() {
	for _, piece := range p.pieces {
		for i := range piece.steps {
			piece.steps[i].also = true
		}
	}
}

// flush ends the piece of fixed text, if there is one.
func (p *parser) flush(next int) {
	if p.text.out.Len() > 0 {
		p.pieces = append(p.pieces, piece{fixed: p.text.out.String(), masked: p.text.masked.String()})
		p.starts = append(p.starts, p.start)
	}
	p.text, p.start = fixedText{}, next
}

// percent reads what begins with the % at i, and says where to go on.
func (p *parser) percent(i int) (next int, err error) {
	rest := p.src[i+1:]
	if strings.HasPrefix(rest, "%") {
		if name, ok := p.doubled(rest[1:]); ok {
			return 0, p.wrong(i, "%%"+name+"%% is how rules write it", "write %"+name+"%")
		}
		return i + 2, p.sign(i)
	}
	if end := strings.IndexByte(rest, '%'); end >= 0 {
		if name, ok := p.known(head(rest[:end])); ok {
			return i + end + 2, p.variable(i, name, rest[:end])
		}
	}
	if _, unclosed := p.known(squeeze(leading(rest))); !unclosed && p.inURL() && len(rest) >= 2 && isHex(rest[0]) && isHex(rest[1]) {
		return i + 3, p.octet(i)
	}
	return 0, p.stray(i)
}

// inURL reports whether %20 is an octet in fixed text.
func (p *parser) inURL() bool { return p.place == URL || p.place == Form }

// doubled finds the name of a variable with two % behind it.
func (p *parser) doubled(rest string) (name string, ok bool) {
	end := strings.IndexByte(rest, '%')
	if end < 0 || !strings.HasPrefix(rest[end:], "%%") {
		return "", false
	}
	name = head(rest[:end])
	_, ok = p.known(name)
	return name, ok
}

// head gives the name in front of the attributes.
func head(body string) string {
	name, _, _ := strings.Cut(body, ";")
	if len(name) > 2*maxName {
		return ""
	}
	return squeeze(name)
}

// known gives the variable that a squeezed name stands for.
func (p *parser) known(name string) (string, bool) {
	if same, ok := builtin[name]; ok {
		return same, true
	}
	_, ok := p.settings[name]
	return name, ok
}

// names gives the names of all variables.
func (p *parser) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(builtin)), maps.Keys(p.settings))
	slices.Sort(names)
	return names
}

// wrong makes the error for what stands at an octet of the template.
func (p *parser) wrong(at int, what, remedy string) *Error {
	before := p.src[:at]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return &Error{
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(line) + 1,
		Lines: strings.Count(p.src, "\n") + 1, What: what, Remedy: remedy,
	}
}
