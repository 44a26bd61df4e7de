package at

import (
	"strconv"
	"strings"
)

// Field is one parameter of a line.
type Field struct {
	Text   string // without its quotes
	Quoted bool
}

// Int reads a decimal number, quoted or not.
func (f Field) Int() (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(f.Text))
	return n, err == nil
}

// Fields cuts a line into its name, such as "+CMTI", and what stands between the commas behind the colon, of which
// those in quotes and parentheses do not count. A line without a name has none, and no fields; but a word that modems
// say by themselves, such as RING, is its own name.
func Fields(line string) (name string, fields []Field) {
	before, after, found := strings.Cut(line, ":")
	name = strings.ToUpper(strings.TrimSpace(before))
	if !found || !isName(name) {
		if isWord(line) {
			return strings.ToUpper(line), nil
		}
		return "", nil
	}
	return name, parameters(after)
}

// parameters cuts at commas.
func parameters(text string) (fields []Field) {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for _, one := range splitOutside(text, ',') {
		fields = append(fields, unquote(one))
	}
	return fields
}

// unquote takes quotes off; one that is missing at the end is passed over.
func unquote(text string) Field {
	text = strings.TrimSpace(text)
	inner, quoted := strings.CutPrefix(text, `"`)
	if !quoted {
		return Field{Text: text}
	}
	return Field{Text: strings.TrimSuffix(inner, `"`), Quoted: true}
}

// isName reports whether a text is a name such as +CMTI, ^RSSI, *PSUTTZ or _OSIGQ.
func isName(text string) bool {
	if len(text) < 2 || strings.IndexByte("+^*$%#_&", text[0]) < 0 {
		return false
	}
	for i := 1; i < len(text); i++ {
		b := upper(text[i])
		if (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '_' && b != ' ' {
			return false
		}
	}
	return true
}

// splitOutside cuts at a separator, but not within quotes or parentheses.
func splitOutside(text string, separator byte) (pieces []string) {
	depth, quoted, from := 0, false, 0
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '(':
			depth++
		case b == ')':
			depth = max(0, depth-1)
		case b == separator && depth == 0:
			pieces = append(pieces, text[from:i])
			from = i + 1
		}
	}
	return append(pieces, text[from:])
}
