package rule

import (
	"fmt"
	"slices"
	"strings"
)

// maxDepth bounds groups in groups.
const maxDepth = 16

// conditions reads a table of conditions: fields, groups, "expr" and "always".
func (r *reader) conditions(n *node, of quantity, depth int) condition {
	var members []condition
	for _, key := range n.keys {
		c := r.condition(n.fields[key], key, depth)
		switch {
		case c == nil:
		case groups[key]:
			members = append(members, c)
		default:
			members = append(members, lines(c)...)
		}
	}
	if len(n.keys) == 0 {
		r.refuse(n, "write if.always = true for all messages", "there is no condition here")
	}
	if len(members) == 1 && of == allOf {
		return members[0]
	}
	return newGroup(of, members)
}

// lines are the conditions on one field, or on the header, each of which is a line
// of its own: any = { text.starts = "A", text.contains = "B" } asks for one of two.
func lines(c condition) []condition {
	g, ok := c.(*group)
	if !ok {
		return []condition{c}
	}
	var all []condition
	for _, w := range g.written {
		all = append(all, lines(w)...)
	}
	return all
}

// groups are the keys under which a group is written as one.
var groups = map[string]bool{"all": true, "any": true, "none": true}

func (r *reader) condition(n *node, key string, depth int) condition {
	switch key {
	case "all", "any", "none":
		return r.group(n, quantity(key), depth+1)
	case "always":
		if n.kind != isFlag || !n.yes {
			r.refuse(n, "leave the rule out, or write active = false", "write always = true, or another condition")
		}
		return always{}
	case "expr":
		if !r.want(n, isText, key) {
			return nil
		}
		e, err := newExpression(n.text)
		if err != nil {
			r.refuse(n, "", "the expression is wrong: %v", err)
			return nil
		}
		if bad, ok := r.foreign(e.reads); ok {
			r.refuse(n, "", "the expression reads %s, which %s messages do not have", bad, r.set.direction)
		}
		return e
	case "header":
		return r.headers(n, depth)
	}
	f, ok := fieldNamed(key, r.set.direction)
	if !ok {
		known := append(fieldNames(r.set.direction), "all", "any", "none", "expr", "always")
		r.refuse(n, suggest(key, known), "%s messages have no field %q", r.set.direction, key)
		return nil
	}
	return r.field(n, f, "")
}

// foreign finds a field that messages of this direction do not have.
func (r *reader) foreign(reads Fields) (Field, bool) {
	for f := range fieldCount {
		if reads.Has(f) && r.set.direction == Incoming && !fields[f].incoming {
			return f, true
		}
	}
	return 0, false
}

// group reads all, any and none: a table, or a list of tables of which each is all
// of its conditions.
func (r *reader) group(n *node, of quantity, depth int) condition {
	switch {
	case depth > maxDepth:
		r.refuse(n, "", "these are too many groups in groups")
		return nil
	case n.kind == isTable:
		return r.conditions(n, of, depth)
	case n.kind != isList || len(n.items) == 0:
		r.refuse(n, fmt.Sprintf(`write %s = [{ to.starts = "+1" }, { account = "staff" }]`, of), "%s: want conditions", of)
		return nil
	}
	var members []condition
	for _, item := range n.items {
		if r.want(item, isTable, string(of)) {
			members = append(members, r.conditions(item, allOf, depth))
		}
	}
	return newGroup(of, members)
}

// headers reads conditions on header fields of the mail, by their names.
func (r *reader) headers(n *node, depth int) condition {
	if r.set.direction == Incoming {
		r.refuse(n, "", "texts from phones have no header")
		return nil
	}
	if n.kind != isTable || len(n.keys) == 0 {
		r.refuse(n, `write header.x-priority = "1"`, "header: want the name of a field")
		return nil
	}
	var members []condition
	for _, name := range n.keys {
		if !isToken(strings.ToLower(name)) {
			r.refuse(n.fields[name], "", "%q is no name of a header field", name)
			continue
		}
		if c := r.field(n.fields[name], HeaderOf, name); c != nil {
			members = append(members, c)
		}
	}
	if len(members) == 1 {
		return members[0]
	}
	return newGroup(allOf, members)
}

// operators are those of each form of field.
var operators = map[form][]string{
	words:  {opStarts, opContains, opMatches, opIn},
	number: {opStarts, opContains, opMatches, opIn},
	count:  {opBetween, opOver, opUnder},
	octets: {opBetween, opOver, opUnder},
	clock:  {opBetween},
	day:    {opBetween},
}

// field reads what is asked of one field: a value, a list of values of which one
// must be it, or operators, which must all hold.
func (r *reader) field(n *node, f Field, header string) condition {
	name := f.String()
	if header != "" {
		name += "." + header
	}
	if n.kind != isTable {
		return r.compare(n, f, header, name, opIs)
	}
	var members []condition
	for _, op := range n.keys {
		v := n.fields[op]
		switch {
		case op == opIs:
			r.refuse(v, fmt.Sprintf("write %s = …", name), "%q is what a field without another word means", op)
		case !slices.Contains(operators[fields[f].form], op):
			r.refuse(v, suggest(op, slices.Clone(operators[fields[f].form])), "%s cannot be asked for %q", name, op)
		default:
			if c := r.compare(v, f, header, name, op); c != nil {
				members = append(members, c)
			}
		}
	}
	if len(n.keys) == 0 {
		r.refuse(n, fmt.Sprintf("write %s = …", name), "%s: nothing is asked of it", name)
	}
	if len(members) == 1 {
		return members[0]
	}
	return newGroup(allOf, members)
}

// compare reads one comparison.
func (r *reader) compare(n *node, f Field, header, name, op string) condition {
	switch fields[f].form {
	case flag:
		if !r.want(n, isFlag, name) {
			return nil
		}
		return &isSo{f, n.yes, fmt.Sprintf("%s is %t", name, n.yes), phraseFlag(f, r.set.direction, n.yes)}
	case words, number:
		if op == opMatches {
			return r.matches(n, f, header, name)
		}
		return r.texts(n, f, header, name, op)
	}
	return r.amounts(n, f, name, op)
}

// texts reads texts to be compared, or the name of the file that they are in.
func (r *reader) texts(n *node, f Field, header, name, op string) condition {
	c := &compare{field: f, header: header, op: op}
	list := n
	if n.kind == isTable {
		key, more := n.other(opIn)
		if list = n.fields[opIn]; more || list == nil {
			r.refuse(n, fmt.Sprintf(`write %s.%s.in = "FILE"`, name, op), "%s: there is no %q here", name, key)
			return nil
		}
	}
	if op == opIn || list != n {
		if !r.want(list, isText, name+".in") {
			return nil
		}
		if op == opIn {
			c.op = opIs
			c.said = fmt.Sprintf("%s in %s", name, list.text)
		} else {
			c.said = fmt.Sprintf("%s %s in %s", name, op, list.text)
		}
		c.clause = phrase(f, r.set.direction, header, c.op, nil, list.text)
		c.table = r.tableOf(list, list.text, fields[f].form, c.op)
		return c
	}
	values := r.textsOf(n, name)
	c.said = fmt.Sprintf("%s %s %s", name, op, strings.Join(quoted(values), " or "))
	c.clause = phrase(f, r.set.direction, header, op, values, "")
	for i, v := range values {
		if v == "" && op != opIs {
			r.refuse(n, "", "%s: everything %s nothing", name, op)
		}
		values[i] = foldAs(fields[f].form, v)
		if f == Gateway {
			r.known(n, v)
		}
	}
	c.table = newTable(values, op != opIs)
	return c
}

// known refuses the name of a gateway that is not there.
func (r *reader) known(n *node, gateway string) string {
	name, ok := r.set.gatewayNamed(gateway)
	if !ok && gateway != "" && r.set.gateways != nil {
		r.refuse(n, suggest(gateway, slices.Clone(r.set.gateways)), "there is no gateway %q", gateway)
	}
	return name
}

func quoted(values []string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprintf("%q", v)
	}
	return all
}

// matches reads patterns, or the name of the file that they are in.
func (r *reader) matches(n *node, f Field, header, name string) condition {
	m := &matches{field: f, header: header}
	sources := []string(nil)
	if n.kind == isTable {
		list := n.fields[opIn]
		if _, more := n.other(opIn); more || list == nil || !r.want(list, isText, name+".matches.in") {
			r.refuse(n, fmt.Sprintf(`write %s.matches.in = "FILE"`, name), "%s: there is something else than a file here", name)
			return nil
		}
		sources = r.lines(list, list.text)
		m.said = fmt.Sprintf("%s matches in %s", name, list.text)
		m.clause = phrase(f, r.set.direction, header, opMatches, nil, list.text)
	} else {
		sources = r.textsOf(n, name)
		m.said = fmt.Sprintf("%s matches %s", name, strings.Join(sources, " or "))
		m.clause = phrase(f, r.set.direction, header, opMatches, sources, "")
	}
	for _, s := range sources {
		if p := r.patternOf(n, s); p != nil {
			m.patterns = append(m.patterns, p)
		}
	}
	return m
}
