package rulefile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Rule is a rule to be written.
type Rule struct {
	Comment []string // lines above it
	Title   string
	Passive bool  // active = false
	If      Table // "" has no condition: nothing is written
	Then    []Table
	Stop    bool
}

// Table is keys with values, in the order in which they are written. Values are
// string, bool, int, []string, Table and []Table.
type Table []Pair

// Pair is a key and its value.
type Pair struct {
	Key   string
	Value any
}

// Field makes a table of one key: Field("starts", "+1").
func Field(key string, value any) Table { return Table{{key, value}} }

// Write writes rules, behind lines of comment.
func Write(comment []string, rules []Rule) []byte {
	var b strings.Builder
	comments(&b, comment)
	for i, r := range rules {
		if i > 0 || len(comment) > 0 {
			b.WriteByte('\n')
		}
		r.write(&b)
	}
	return []byte(b.String())
}

func (r Rule) write(b *strings.Builder) {
	comments(b, r.Comment)
	b.WriteString("[[rule]]\ntitle = " + Quote(r.Title) + "\n")
	if r.Passive {
		b.WriteString("active = false\n")
	}
	lines(b, "if", r.If)
	if len(r.Then) == 1 {
		lines(b, "then", r.Then[0])
	}
	if r.Stop {
		b.WriteString("stop = true\n")
	}
	if len(r.Then) > 1 {
		for _, t := range r.Then {
			b.WriteString("[[rule.then]]\n")
			lines(b, "", t)
		}
	}
}

// comments writes lines that begin with "#".
func comments(b *strings.Builder, texts []string) {
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.Map(func(c rune) rune {
				if unicode.IsControl(c) || !unicode.IsGraphic(c) {
					return ' '
				}
				return c
			}, strings.ToValidUTF8(line, "?"))
			b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
		}
	}
}

// lines writes a table as lines with dots in their keys. What is a table under the
// first key is written so, too: if.to.starts = "+1".
func lines(b *strings.Builder, path string, t Table) {
	for _, p := range t {
		key := joined(path, p.Key)
		if inner, ok := p.Value.(Table); ok && len(inner) == 1 {
			lines(b, key, inner)
			continue
		}
		b.WriteString(key + " = " + value(p.Value) + "\n")
	}
}

func joined(path, key string) string {
	if strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || key == "" {
		key = Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func value(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case string:
		return Quote(v)
	case []string:
		all := make([]string, len(v))
		for i, s := range v {
			all[i] = Quote(s)
		}
		return "[" + strings.Join(all, ", ") + "]"
	case Table:
		return inline(v)
	case []Table:
		all := make([]string, len(v))
		for i, t := range v {
			all[i] = inline(t)
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	panic(fmt.Sprintf("rulefile: no value can be a %T", v))
}

// inline writes a table in braces, on one line.
func inline(t Table) string {
	var all []string
	for _, p := range t {
		key := joined("", p.Key)
		v := p.Value
		for {
			inner, ok := v.(Table)
			if !ok || len(inner) != 1 {
				break
			}
			key, v = joined(key, inner[0].Key), inner[0].Value
		}
		all = append(all, key+" = "+value(v))
	}
	if len(all) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(all, ", ") + " }"
}

// Quote writes a text in quotes: in 'single' ones where it has backslashes or
// double quotes, as patterns do.
func Quote(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	plain := !strings.ContainsFunc(s, unicode.IsControl)
	switch {
	case plain && !strings.ContainsAny(s, `"\`):
		return `"` + s + `"`
	case plain && !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	escape(&b, s, "")
	b.WriteByte('"')
	return b.String()
}

// escape writes what may stand between double quotes; characters of keep stay.
func escape(b *strings.Builder, s, keep string) {
	for _, c := range s {
		switch {
		case strings.ContainsRune(keep, c):
			b.WriteRune(c)
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case unicode.IsControl(c):
			fmt.Fprintf(b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
}
