package icewarp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Filter is a content filter and the rule that becomes of it.
type Filter struct {
	Place
	Title  string   `json:"title"`
	Active bool     `json:"active"`          // of the rule
	Left   []string `json:"left,omitempty"`  // what has no counterpart; then the rule is not active
	Notes  []string `json:"notes,omitempty"` // what is not quite as it was

	rule rulefile.Rule
}

// Filters are those of a file, in their order, and the lists that they name.
type Filters struct {
	Filters []Filter
	Lists   []rulefile.File
}

// FilterSite is where the rules are to be.
type FilterSite struct {
	rule.Site
	Direction rule.Direction
	// List gives a list that a filter names; false: it is not at hand.
	List func(name string) ([]byte, bool)
}

// maxFilters bounds the content filters of a file.
const maxFilters = 10_000

// ReadFilters reads IceWarp's content filters from XML and makes rules of them. A
// filter that has no whole counterpart becomes a rule that is not active, with the
// reasons in a comment: [Filter.Left]. What comes out loads.
func ReadFilters(file string, data []byte, site FilterSite) (*Filters, error) {
	if len(data) > maxFile {
		return nil, errTooLarge
	}
	root, err := parseXML(data)
	if err != nil {
		return nil, fmt.Errorf("it is not whole XML: %w", err)
	}
	found := filtersIn(root)
	switch {
	case len(found) == 0:
		return nil, errors.New("there is no content filter in it: no element has conditions and actions")
	case len(found) > maxFilters:
		return nil, fmt.Errorf("it has %d content filters; at most %d are possible", len(found), maxFilters)
	}
	c := &converter{site: site, titles: map[string]int{}, lists: rulefile.Folder{}, origin: map[string]string{}, all: &Filters{}}
	for _, n := range found {
		f := c.filter(n)
		f.File = file
		c.all.Filters = append(c.all.Filters, f)
	}
	return c.all, nil
}

// filtersIn finds the elements that are a content filter: those with conditions or
// actions right below them.
func filtersIn(n *node) []*node {
	if n.child("conditions", "condition") != nil || n.child("actions", "action") != nil {
		return []*node{n}
	}
	var found []*node
	for _, k := range n.kids {
		found = append(found, filtersIn(k)...)
	}
	return found
}

// Text writes the rules, with what is to be said of each above it.
func (f *Filters) Text(from string) []byte {
	rules := make([]rulefile.Rule, len(f.Filters))
	for i, one := range f.Filters {
		rules[i] = one.rule
		for _, l := range one.Left {
			rules[i].Comment = append(rules[i].Comment, "not carried over: "+l)
		}
		for _, n := range one.Notes {
			rules[i].Comment = append(rules[i].Comment, "note: "+n)
		}
	}
	return rulefile.Write([]string{"Carried over from IceWarp: " + from}, rules)
}

// converter makes rules of filters.
type converter struct {
	site   FilterSite
	titles map[string]int // how often
	lists  rulefile.Folder
	origin map[string]string // what a list is called in the filters, by its name here
	all    *Filters
	now    *Filter // under way
}

// left notes what has no counterpart, and lets the rule be inactive.
func (c *converter) left(format string, args ...any) {
	c.now.Left = appendOnce(c.now.Left, hide(fmt.Sprintf(format, args...)))
}

func (c *converter) note(format string, args ...any) {
	c.now.Notes = appendOnce(c.now.Notes, hide(fmt.Sprintf(format, args...)))
}

// secrets finds what a password stands behind, in URLs, connections and elements.
var secrets = regexp.MustCompile(`(?i)((?:pass\w*|pwd|\w*key|\w*token|\w*secret|credential\w*)[>"]?(?:\s*[=:]\s*|\s+(?:at line \d+ )?(?:says )?)\\?"?)[^&;\s"\\]+|(://)[^/@\s"]+@`)

// hide takes passwords out of what is reported.
func hide(s string) string { return secrets.ReplaceAllString(s, "$1$2…") }

func appendOnce(list []string, s string) []string {
	for _, l := range list {
		if l == s {
			return list
		}
	}
	return append(list, s)
}

// filter makes a rule of one.
func (c *converter) filter(n *node) Filter {
	f := Filter{Place: Place{Line: n.line}}
	c.now = &f
	n.used = true
	f.Title = c.title(n.read("title", "name"), n.line)
	active := n.flag(true, "active", "enabled")
	n.read("ruleid", "id") // IceWarp's own number of it
	when := c.conditions(n)
	c.actions(n, when)
	for _, u := range n.unused() {
		c.left("<%s> at line %d says %q", u.name, u.line, oneLine(u.text))
	}
	f.rule.Title = f.Title
	f.rule.Passive = !active || len(f.Left) > 0
	if problem := c.load(f.rule); problem != "" {
		c.left("as a rule it would be wrong: %s", problem)
		c.left("it said: %s", oneLine(string(rulefile.Write(nil, []rulefile.Rule{f.rule}))))
		f.rule = rulefile.Rule{Title: f.Title, Passive: true, If: never(), Then: []rulefile.Table{notCarried()}}
	}
	f.Active = !f.rule.Passive
	return f
}

// never is a condition that does not hold: it stands for one that cannot be
// carried over, so that a rule does not hold too often if somebody wakes it.
func never() rulefile.Table {
	return rulefile.Field("none", rulefile.Field("always", true))
}

// notCarried is an action that stands for those that cannot be carried over.
func notCarried() rulefile.Table { return rulefile.Field("tag", "not-carried-over") }

// title makes a title that no other rule has.
func (c *converter) title(written string, line int) string {
	title := oneLine(written)
	if title == "" {
		title = fmt.Sprintf("Content filter at line %d", line)
	}
	whole := title
	for c.titles[whole] > 0 { // as often as there are titles that look numbered already
		c.titles[title]++
		whole = fmt.Sprintf("%s (%d)", title, c.titles[title])
	}
	c.titles[whole] = 1
	return whole
}

// load says what is wrong with a rule, "" if nothing is.
func (c *converter) load(r rulefile.Rule) string {
	_, err := rule.Parse(c.lists, "", rulefile.Write(nil, []rulefile.Rule{r}), c.site.Direction, c.site.Site)
	if problems, ok := errors.AsType[mistake.Problems](err); ok {
		return problems[0].What
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// list takes over a list that a filter names, and gives its name here.
func (c *converter) list(written string) string {
	base := written[strings.LastIndexAny(written, `/\`)+1:]
	name := listName(base)
	if from, there := c.origin[name]; there {
		if !strings.EqualFold(from, written) {
			c.left("the list %s: %s is %s already", oneLine(written), name, oneLine(from))
		}
		return name
	}
	text := "# Here belong the lines of " + oneLine(written) + "\n"
	if c.site.List == nil {
		c.site.List = func(string) ([]byte, bool) { return nil, false }
	}
	if data, ok := c.site.List(base); ok {
		text = strings.ReplaceAll(decode(data), ";", "\n")
	} else {
		c.left("the list %s: it is not beside this file; write its lines into %s", oneLine(written), name)
	}
	c.origin[name], c.lists[name] = written, text
	c.all.Lists = append(c.all.Lists, rulefile.File{Name: name, Text: text})
	return name
}

// listName is a name that a file may have anywhere.
func listName(base string) string {
	name := "lists/" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, strings.TrimLeft(base, "."))
	if !rulefile.IsName(name) || name == "lists/" {
		return "lists/list.txt"
	}
	return name
}
