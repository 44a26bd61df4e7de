package icewarp

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/rule"
)

// term is a condition in the order in which it is written, with what joins it to
// the one before.
type term struct {
	and         bool
	open, close int
	when        rulefile.Table
}

// conditions makes one condition of those of a filter.
func (c *converter) conditions(n *node) rulefile.Table {
	var terms []term
	for _, k := range n.items("conditions", "condition") {
		k.used = true
		k.read("classname")
		t := term{
			and: k.flag(true, "operatorand", "and", "conditionand"), open: k.count("bracketsleft"), close: k.count("bracketsright"),
		}
		not := k.flag(false, "logicalnot", "not")
		t.when = c.condition(k)
		if k.flag(false, "notmatch") {
			not = !not
		}
		if not {
			t.when = negate(t.when)
		}
		terms = append(terms, t)
	}
	if len(terms) == 0 {
		c.left("it has no condition")
		return never()
	}
	j := &joiner{c: c, terms: terms}
	if !j.balanced() {
		c.left("its brackets do not match, or are more than %d deep", maxBrackets)
		return never()
	}
	return j.any()
}

// negate gives the opposite; what stands for nothing at all stays so.
func negate(t rulefile.Table) rulefile.Table {
	if len(t) == 1 && t[0].Key == "routed" {
		return rulefile.Field("routed", t[0].Value != true)
	}
	if isNever(t) {
		return t
	}
	return rulefile.Field("none", []rulefile.Table{t})
}

func isNever(t rulefile.Table) bool {
	if len(t) != 1 || t[0].Key != "none" {
		return false
	}
	_, ok := t[0].Value.(rulefile.Table)
	return ok
}

func always() rulefile.Table         { return rulefile.Field("always", true) }
func isAlways(t rulefile.Table) bool { return len(t) == 1 && t[0].Key == "always" }
func ask(f, op string, v any) rulefile.Table {
	return rulefile.Field(f, rulefile.Field(op, v))
}

// condition makes one of one; [never] where there is no counterpart.
func (c *converter) condition(n *node) rulefile.Table {
	outgoing := c.site.Direction == rule.Outgoing
	switch what := c.kind(n, conditionTypes, "conditiontype", "expression", "type"); what {
	case "all":
		return always()
	case "from", "sender":
		return c.words(n, "from")
	case "to", "recipient":
		if !outgoing {
			c.left("a condition on To: here, To of a text from a phone is our number")
		}
		return c.words(n, "to")
	case "body":
		return c.words(n, "text")
	case "subject":
		if outgoing {
			return c.words(n, what)
		}
	case "cc", "bcc", "date", "replyto":
		if outgoing {
			return c.words(n, "header."+strings.Replace(what, "replyto", "reply-to", 1))
		}
	case "customheader":
		if name, value, ok := strings.Cut(n.value(), ":"); ok && outgoing && headerName.MatchString(name) {
			n.setValue(strings.TrimSpace(value))
			return c.words(n, "header."+name)
		}
	case "size":
		return c.size(n)
	case "smtpauth":
		if outgoing {
			return rulefile.Field("none", []rulefile.Table{rulefile.Field("user", "")})
		}
	case "time":
		return c.time(n)
	case "":
		c.left("a condition at line %d: it has no type", n.line)
		return never()
	}
	c.left("the condition %q at line %d has no counterpart: %s", c.kind(n, conditionTypes, "conditiontype", "expression", "type"), n.line, n.all())
	return never()
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// value is what words are compared with.
func (n *node) value() string {
	if k := n.child("matchvalue", "contain", "value"); k != nil {
		return strings.TrimSpace(k.text)
	}
	return ""
}

func (n *node) setValue(s string) { n.child("matchvalue", "contain", "value").text = s }

// all says what an element has, for the report, and marks it as read.
func (n *node) all() string {
	var said []string
	for _, k := range n.kids {
		k.used = true
		text := oneLine(k.text)
		if inner := k.all(); inner != "" {
			text = strings.TrimSpace(text + " (" + inner + ")")
		}
		if text != "" {
			said = append(said, k.name+" "+strconv.Quote(text))
		}
	}
	return strings.Join(said, ", ")
}

// size reads a comparison of sizes, in octets.
func (c *converter) size(n *node) rulefile.Table {
	octets, err := strconv.Atoi(n.read("size", "messagesize"))
	how := map[string]string{"lower": "under", "greater": "over"}[c.kind(n, compareTypes, "comparetype")]
	if err != nil || octets < 0 || how == "" {
		c.left("a size at line %d: %s", n.line, n.all())
		return never()
	}
	c.note("there, the size was that of the mail; here, of a text from a phone it is that of the text")
	return ask("size", how, octets)
}

var weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// time reads days of the week, and times of day.
func (c *converter) time(n *node) rulefile.Table {
	var t rulefile.Table
	var days []string
	for _, d := range weekdays {
		if n.flag(false, d) {
			days = append(days, d[:3])
		}
	}
	if n.flag(false, "weekdays") && len(days) > 0 {
		t = append(t, rulefile.Pair{Key: "weekday", Value: days})
	}
	from, to := n.read("fromtime"), n.read("totime")
	if n.flag(false, "betweentimes") {
		if len(from) > 5 && strings.Count(from, ":") == 2 {
			from = from[:strings.LastIndex(from, ":")]
		}
		if len(to) > 5 && strings.Count(to, ":") == 2 {
			to = to[:strings.LastIndex(to, ":")]
		}
		t = append(t, rulefile.Pair{Key: "hour", Value: rulefile.Field("between", []string{from, to})})
	}
	first, last := n.read("fromdate"), n.read("todate")
	if n.flag(false, "betweendates") {
		c.left("dates, %s to %s: write if.expr with day, month and year", oneLine(first), oneLine(last))
		return never()
	}
	if len(t) == 0 {
		return always()
	}
	return t
}
