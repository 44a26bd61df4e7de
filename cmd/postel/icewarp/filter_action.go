package icewarp

import (
	"regexp"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/rule"
)

// actions makes the rule's condition and actions. What ends a message comes last:
// nothing is done behind it.
func (c *converter) actions(n *node, when rulefile.Table) {
	r := &c.now.rule
	r.If = when
	var last rulefile.Table
	items := n.items("actions", "action")
	var sole *node // the only thing that the filter does
	for _, k := range items {
		k.used = true
		k.read("classname")
		what := c.kind(k, actionTypes, "actiontype", "action", "type")
		switch what {
		case "header":
			edits := k.items("headers", "header")
			if h := k.child("header"); h != nil && len(h.kids) == 0 {
				edits = []*node{k}
			}
			if len(items) == 1 && len(edits) == 1 {
				sole = edits[0]
			}
			for _, e := range edits {
				c.editHeader(e, sole == e)
			}
		case "forward", "copymessage":
			c.passOn(k, what)
		case "stop":
			r.Stop = true
		case "deletemessage":
			last = rulefile.Field("drop", true)
		case "messageaction":
			if t := c.messageAction(k); t != nil {
				last = t
			}
		case "execute":
			c.execute(k)
		case "db":
			c.statement(k)
		case "":
			c.left("an action at line %d: it has no type", k.line)
		default:
			c.left("the action %q at line %d has no counterpart: %s", what, k.line, k.all())
		}
	}
	if last != nil {
		c.then(last)
	}
	if len(r.Then) == 0 && !r.Stop {
		if len(items) == 0 {
			c.left("it does nothing")
		}
		c.then(notCarried())
	}
	if len(r.Then) == 1 && len(r.Then[0]) == 0 {
		r.Then = nil
	}
}

// then adds an action.
func (c *converter) then(t rulefile.Table) { c.now.rule.Then = append(c.now.rule.Then, t) }

// passOn forwards. There, a text that is forwarded goes to the phone as well; a
// text from a phone has nowhere else to go.
func (c *converter) passOn(k *node, what string) {
	written := k.read("email", "forwardto", "copyto", "value", "address")
	var to []string
	for a := range strings.FieldsFuncSeq(written, func(r rune) bool { return r == ';' || r == ',' }) {
		if a = strings.TrimSpace(a); a != "" {
			to = append(to, strings.TrimPrefix(a, "sms:"))
		}
	}
	how := "copy"
	if what == "forward" && c.site.Direction == rule.Incoming {
		how = "forward"
	}
	if len(to) == 0 {
		c.left("the action %q at line %d says nobody: %s", what, k.line, k.all())
		return
	}
	c.then(rulefile.Field(how, oneOrAll(to)))
}

// messageAction is what accepts or ends a message.
func (c *converter) messageAction(k *node) rulefile.Table {
	switch what := c.kind(k, messageActions, "messageactiontype", "value"); {
	case what == "delete":
		return rulefile.Field("drop", true)
	case what == "reject" && c.site.Direction == rule.Incoming:
		c.note("there, it was rejected; a text from a phone cannot be, and is dropped")
		return rulefile.Field("drop", true)
	case what == "reject":
		c.note("there, the words were the mail server's")
		return rulefile.Field("reject", "This text is refused by a rule of the site.")
	case what == "accept":
		c.now.rule.Stop = true
		c.note("accepting a message is stop = true here")
	default:
		c.left("the action on the message %q at line %d has no counterpart", what, k.line)
	}
	return nil
}

// execute makes a program or a call of a URL. The API does not say what the
// elements are called.
func (c *converter) execute(k *node) {
	command := k.read("application", "command", "executable", "url", "value")
	parameters := k.read("parameters", "params")
	kind := k.read("executetype", "applicationtype")
	switch {
	case command == "":
		c.left("the action \"execute\" at line %d: %s", k.line, k.all())
	case strings.HasPrefix(command, "http://") || strings.HasPrefix(command, "https://"):
		c.then(rulefile.Field("call", command))
		if parameters != "" {
			c.left("the parameters %q of the URL", oneLine(parameters))
		}
		return
	case strings.HasPrefix(command, "/") && !strings.ContainsAny(command+parameters, `"'\`+"`$;|&<>"):
		c.then(rulefile.Field("run", append(strings.Fields(command), strings.Fields(parameters)...)))
		c.note("see whether the program wants its values as they are given here; nothing goes through a shell")
		if kind == "" || strings.EqualFold(kind, "executable") {
			return
		}
		fallthrough
	default:
		c.left("the program %q with %q, of type %q: write then.run with its path here", oneLine(command), oneLine(parameters), oneLine(kind))
	}
}

var quotedVariable = regexp.MustCompile(`'(%%[A-Za-z0-9_.-]+%%)'`)

// statement makes a statement on a database. Which one, IceWarp has elsewhere.
func (c *converter) statement(k *node) {
	statement := k.read("statement", "sql", "query", "value")
	if statement == "" {
		c.left("the action \"db\" at line %d: %s", k.line, k.all())
		return
	}
	bound := quotedVariable.ReplaceAllString(statement, "$1")
	name := "icewarp"
	if known := c.site.Databases; known != nil {
		if len(known) == 0 {
			c.left("the statement %q: the configuration has no database", oneLine(statement))
			return
		}
		name = known[0]
	}
	c.left("the database of the statement: %q is a guess", name)
	if connection := k.read("connection", "connectionstring", "dsn"); connection != "" {
		c.note("its connection, which may hold a password, is not repeated here")
	}
	c.then(rulefile.Field("sql", rulefile.Table{{Key: "database", Value: name}, {Key: "statement", Value: bound}}))
}
