package rule

import (
	"strconv"
	"strings"
)

// rules reads the document: [[rule]] and nothing else.
func (r *reader) rules(root *node) {
	for _, key := range root.keys {
		n := root.fields[key]
		switch {
		case key != "rule":
			r.refuse(n, "there is [[rule]], and nothing else", "there is no %q here", key)
		case n.kind != isList:
			r.refuse(n, "begin each rule with [[rule]], two brackets", "rules are a list")
		default:
			for _, item := range n.items {
				r.oneRule(item)
			}
		}
	}
}

// ruleKeys are the keys of a rule.
var ruleKeys = []string{"title", "active", "if", "then", "stop"}

func (r *reader) oneRule(n *node) {
	rule := &Rule{Active: true, when: always{}}
	rule.Line, _ = r.places.of(n.at)
	r.rule = rule
	r.set.rules = append(r.set.rules, rule)
	if !r.want(n, isTable, "rule") {
		return
	}
	for _, key := range n.keys {
		v := n.fields[key]
		switch key {
		case "title":
			if r.want(v, isText, key) {
				rule.Title = v.text
			}
		case "active":
			if r.want(v, isFlag, key) {
				rule.Active = v.yes
			}
		case "stop":
			if r.want(v, isFlag, key) {
				rule.stop = v.yes
			}
		case "if":
			if r.want(v, isTable, key) {
				rule.when = r.conditions(v, allOf, 0)
			}
		case "then":
			r.actions(v)
		default:
			r.refuse(v, suggest(key, ruleKeys), "a rule has no key %q", key)
		}
	}
	r.complete(n, rule)
}

// complete sees to it that a rule has all that it needs.
func (r *reader) complete(n *node, rule *Rule) {
	title := oneLine(rule.Title)
	switch {
	case title == "" || title != rule.Title || len(title) > 200:
		r.refuse(n, `write title = "what it is for"`, "the rule needs a title of one line")
	case r.titles[title]:
		r.refuse(n, "traces name rules by their titles", "there is another rule with the title %q", title)
	}
	r.titles[title] = true
	if n.fields["if"] == nil {
		r.refuse(n, "write if.always = true for all messages", "the rule has no condition")
	}
	if n.fields["then"] == nil && !rule.stop {
		r.refuse(n, "write what it does under then, or stop = true", "the rule does nothing")
	}
	rule.When = describe(rule.when)
	for _, a := range rule.actions {
		rule.changes |= a.changes()
	}
}

// note adds something that an administrator should know of the rule.
func (r *reader) note(what string) { r.rule.Notes = append(r.rule.Notes, what) }

// textsOf reads a text, or a list of texts, of which there must be one at least.
func (r *reader) textsOf(n *node, name string) []string {
	var all []string
	for _, item := range n.list() {
		if r.want(item, isText, name) {
			all = append(all, item.text)
		}
	}
	if n.kind == isList && len(n.items) == 0 {
		r.refuse(n, "", "%s: the list is empty", name)
	}
	return all
}

// patternOf reads a regular expression.
func (r *reader) patternOf(n *node, source string) *pattern {
	p, err := newPattern(source)
	if err != nil {
		r.refuse(n, "write it in 'single quotes', in which a backslash is a backslash", "%v", err)
		return nil
	}
	if source == "" {
		r.refuse(n, "", "the pattern is empty")
		return nil
	}
	if p.back != nil {
		r.note("the pattern " + source + " asks for what RE2 lacks, and runs on the backtracking engine, at most " + matchTime.String() + " each time")
	}
	return p
}

// templateOf reads a template; p is the pattern whose groups it may name, nil if it
// is none.
func (r *reader) templateOf(n *node, source string, p *pattern) template {
	var groups func(string) (int, bool)
	if p != nil {
		groups = func(name string) (int, bool) {
			if i, err := strconv.Atoi(name); err == nil {
				return i, p.group(i)
			}
			i, ok := p.groups[name]
			return i, ok
		}
	}
	t, err := newTemplate(source, groups)
	if err != nil {
		what, remedy, _ := strings.Cut(err.Error(), "; ")
		r.refuse(n, remedy, "%s", what)
	}
	return t
}
