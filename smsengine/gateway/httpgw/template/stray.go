package template

import "strings"

// stray says what is wrong with a % that begins no variable. Nothing is quoted
// from the value of a parameter that looks secret.
func (p *parser) stray(at int) *Error {
	percent := "write %% for a percent sign"
	if p.inURL() {
		percent = "write %25 for a percent sign"
	}
	if p.secret() {
		return p.wrong(at, "this % begins no variable", percent)
	}
	rest := p.src[at+1:]
	end := strings.IndexAny(rest, "%;")
	if end >= 0 {
		if name := squeeze(rest[:min(end, 2*maxName)]); isName(name) && len(name) <= maxName {
			return p.unknown(at, name)
		}
	}
	if name := leading(rest); name != "" {
		if _, ok := p.known(squeeze(name)); ok {
			return p.wrong(at, "%"+name+" is not closed", "write %"+name+"%")
		}
	}
	before := p.src[:at]
	if open := strings.LastIndexByte(before, '%'); open >= 0 && isName(before[open+1:]) && at-open < maxName {
		return p.unknown(open, squeeze(before[open+1:]))
	}
	if word, name := p.unopened(before); name != "" {
		return p.wrong(at-len(word), "a % is missing in front of "+name, "write %"+name+"% for "+word+"%")
	}
	return p.wrong(at, "this % begins no variable", percent)
}

// unknown says that there is no variable of that name.
func (p *parser) unknown(at int, name string) *Error {
	what := "no variable is called " + name
	if near := nearest(name, p.names()); near != "" {
		return p.wrong(at, what, "did you mean %"+near+"%?")
	}
	return p.wrong(at, what, "there are "+strings.Join(p.names(), ", "))
}

// leading gives the letters, digits and _ at the beginning.
func leading(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, letters+"_"))]
}

// unopened finds the word at the end whose end is a variable's name: a % that a
// printed page has lost or misread.
func (p *parser) unopened(before string) (word, name string) {
	word = before[len(strings.TrimRight(before, letters+"_")):]
	for _, n := range p.names() {
		if len(n) > 2 && len(n) > len(name) && strings.HasSuffix(word, n) {
			name = n
		}
	}
	return word, name
}
