package template

import "strings"

// mask stands in logs for what nobody may read.
const mask = "***"

// Masked gives what Expand gives, for logs: secret Settings and the values of
// parameters whose names look like secrets are ***, what the text says is
// [data], and a value that cannot stand there is [name].
func (t *Template) Masked(v Values) string {
	var b strings.Builder
	for _, p := range t.pieces {
		steps, stands := choose(p.steps, v.Alphabet)
		value, err := p.value(v, steps)
		switch {
		case p.name == "":
			b.WriteString(p.masked)
		case !stands, p.name == "condition":
		case p.secret:
			b.WriteString(mask)
		case p.name == "data":
			b.WriteString("[data]")
		case err != nil:
			b.WriteString("[" + p.name + "]")
		default:
			b.WriteString(value)
		}
		if p.name != "" && stands {
			for _, s := range steps {
				b.WriteString(s.masked)
			}
		}
	}
	return b.String()
}

// String gives the template for logs: parameters whose names look like secrets
// are ***. Parse reads it again.
func (t *Template) String() string {
	var b strings.Builder
	for _, p := range t.pieces {
		fixed := p.masked
		if t.place != URL && t.place != Form {
			fixed = strings.ReplaceAll(fixed, "%", "%%")
		}
		b.WriteString(fixed)
		if p.name == "" {
			continue
		}
		b.WriteString("%" + p.name)
		for _, s := range p.steps {
			b.WriteString(";" + s.String())
		}
		b.WriteString("%")
	}
	return b.String()
}

// String gives the attribute as it is written.
func (s step) String() string {
	name := ""
	for n, k := range attributes {
		if k == s.kind {
			name = n
		}
	}
	return name + s.prefix + s.charsetName + s.source
}
