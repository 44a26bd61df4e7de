package rule

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Time-outs of what rules do, and what they may be.
const (
	defaultTimeout = 30 * time.Second
	maxTimeout     = 10 * time.Minute
)

// basic are the values that every program finds in its environment.
var basic = []string{"id", "from", "to", "sender", "account", "subject", "text", "gateway", "tag", "date", "time"}

// program reads run: a list of arguments, or a table.
func (r *reader) program(n *node) {
	e := Run{Timeout: Duration(defaultTimeout)}
	command := n
	if n.kind == isTable {
		command = n.fields["command"]
		for _, key := range n.keys {
			v := n.fields[key]
			switch key {
			case "command":
			case "stdin":
				e.Stdin = r.stringOf(v, key)
			case "shell":
				e.Shell = r.want(v, isFlag, key) && v.yes
			case "timeout":
				e.Timeout = r.timeout(v)
			case "env":
				e.Env = r.tableOfTexts(v, key, environmentName)
			default:
				r.refuse(v, suggest(key, []string{"command", "stdin", "shell", "timeout", "env"}), "run has no key %q", key)
			}
		}
	}
	if command == nil {
		r.refuse(n, `write run = ["/usr/local/bin/PROGRAM", "--to=%%to%%"]`, "run has no command")
		return
	}
	e.Command = r.textsOf(command, "run")
	r.checkCommand(command, e)
	sources := append([]string{e.Stdin}, e.Command...)
	for _, v := range e.Env {
		sources = append(sources, v)
	}
	r.perform(n, e, append(slices.Clone(basic), r.variablesOf(n, sources...)...))
}

var environmentName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// checkCommand sees to it that a program is named in full, and that no value can
// become an option, or anything to a shell.
func (r *reader) checkCommand(n *node, e Run) {
	if len(e.Command) == 0 {
		return
	}
	if e.Shell {
		if len(e.Command) != 1 {
			r.refuse(n, "", "with shell = true the command is one text")
		}
		if len(r.variablesOf(n, e.Command...)) > 0 {
			r.refuse(n, `write "$POSTEL_TEXT", in double quotes, for %%text%%`, "no value is written into a line for the shell")
		}
		return
	}
	if !path.IsAbs(e.Command[0]) || len(r.variablesOf(n, e.Command[0])) > 0 {
		r.refuse(n, `write ["/usr/local/bin/PROGRAM", "ARGUMENT"]`, "the program %q is not named by its path", e.Command[0])
	}
	if err := options(e.Command); err != nil {
		what, remedy, _ := strings.Cut(err.Error(), ": ")
		r.refuse(n, remedy, "%s", what)
	}
}

// call reads a URL, or a table.
func (r *reader) call(n *node) {
	e := Call{Timeout: Duration(defaultTimeout)}
	where := n
	if n.kind == isTable {
		where = n.fields["url"]
		for _, key := range n.keys {
			v := n.fields[key]
			switch key {
			case "url":
			case "method":
				e.Method = strings.ToUpper(r.stringOf(v, key))
			case "body":
				e.Body = r.stringOf(v, key)
			case "type":
				e.Type = r.stringOf(v, key)
			case "headers":
				e.Headers = r.tableOfTexts(v, key, headerName)
			case "timeout":
				e.Timeout = r.timeout(v)
			default:
				r.refuse(v, suggest(key, []string{"url", "method", "body", "type", "headers", "timeout"}), "call has no key %q", key)
			}
		}
	}
	if where == nil {
		r.refuse(n, `write call = "https://…"`, "call has no url")
		return
	}
	if !r.want(where, isText, "call") {
		return
	}
	e.URL = where.text
	r.checkURL(where, e.URL)
	r.checkBody(n, &e)
	sources := []string{e.URL, e.Body}
	for _, v := range e.Headers {
		sources = append(sources, v)
	}
	r.perform(n, e, r.variablesOf(n, sources...))
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// checkURL sees to it that only the rule says which server is asked.
func (r *reader) checkURL(n *node, written string) {
	t := r.templateOf(n, written, nil)
	const stand = "VALUE"
	u, err := url.Parse(t.expand(func(string) string { return stand }, nil))
	switch {
	case err != nil:
		r.refuse(n, "", "this is no URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		r.refuse(n, `write "https://…"`, "a URL begins with https:// or http:// and a server")
	case len(t) == 0 || !strings.Contains(strings.TrimPrefix(strings.TrimPrefix(t[0].literal, "https://"), "http://"), "/") && len(t) > 1:
		r.refuse(n, `write "/" behind the server`, "no value can say which server is asked")
	case u.User != nil:
		r.refuse(n, "write a header of your own", "a URL has no user and password in it")
	case u.Fragment != "":
		r.refuse(n, "write %%23 for the character", "what stands behind # is sent to nobody")
	}
}

// checkBody completes method and type.
func (r *reader) checkBody(n *node, e *Call) {
	if e.Type == "" && e.Body != "" {
		e.Type = typePlain
		if strings.HasPrefix(strings.TrimSpace(e.Body), "{") {
			e.Type = typeJSON
		}
	}
	if e.Type == "text/plain" {
		e.Type = typePlain
	}
	if _, ok := bodies[e.Type]; e.Body != "" && !ok {
		r.refuse(n, "there are application/json, application/x-www-form-urlencoded and text/plain", "no body can be made of the type %q", e.Type)
	}
	if e.Method == "" {
		e.Method = "GET"
		if e.Body != "" {
			e.Method = "POST"
		}
	}
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, e.Method) {
		r.refuse(n, "there are GET, POST, PUT, PATCH and DELETE", "there is no method %q", e.Method)
	}
}

// sql reads a statement and the database that it is for.
func (r *reader) sql(n *node) {
	if !r.want(n, isTable, "sql") {
		return
	}
	e := SQL{Timeout: Duration(defaultTimeout)}
	for _, key := range n.keys {
		v := n.fields[key]
		switch key {
		case "database":
			e.Database = r.stringOf(v, key)
			if r.databases != nil && !slices.Contains(r.databases, e.Database) {
				r.refuse(v, suggest(e.Database, slices.Clone(r.databases)), "there is no database %q", e.Database)
			}
		case "statement":
			e.Statement = r.stringOf(v, key)
			r.checkStatement(v, e.Statement)
		case "timeout":
			e.Timeout = r.timeout(v)
		default:
			r.refuse(v, suggest(key, []string{"database", "statement", "timeout"}), "sql has no key %q", key)
		}
	}
	if e.Database == "" || strings.TrimSpace(e.Statement) == "" {
		r.refuse(n, `write sql = { database = "NAME", statement = "insert …" }`, "sql needs a database and a statement")
	}
	r.perform(n, e, r.variablesOf(n, e.Statement))
}

// checkStatement finds variables in quotes: values are bound, and quotes around
// the mark would make it a text.
func (r *reader) checkStatement(n *node, statement string) {
	t := r.templateOf(n, statement, nil)
	quotes := 0
	for _, s := range t {
		quotes += strings.Count(s.literal, "'")
		if s.variable != "" && quotes%2 == 1 {
			r.refuse(n, "leave the quotes out: values are bound", "%%%%%s%%%% stands in quotes", s.variable)
		}
	}
}

// perform adds an effect and the variables whose values it needs.
func (r *reader) perform(n *node, e Effect, needs []string) {
	slices.Sort(needs)
	needs = slices.Compact(needs)
	var reads Fields
	for _, v := range needs {
		if !slices.Contains(basic, v) {
			reads |= readBy(v)
		}
	}
	if bad, ok := r.foreign(reads); ok && !reads.Has(HeaderOf) {
		r.refuse(n, "", "there is no %s in %s messages", bad, r.set.direction)
	}
	r.do(perform{e, needs})
}

// variablesOf are the variables of templates.
func (r *reader) variablesOf(n *node, sources ...string) (all []string) {
	for _, s := range sources {
		all = append(all, names(r.templateOf(n, s, nil))...)
	}
	return all
}

func (r *reader) stringOf(n *node, key string) string {
	r.want(n, isText, key)
	return n.text
}

func (r *reader) timeout(n *node) Duration {
	d, err := time.ParseDuration(n.text)
	if n.kind != isText || err != nil || d < time.Second || d > maxTimeout {
		r.refuse(n, "", `want a time in quotes from "1s" to "10m"`)
	}
	return Duration(d)
}

// tableOfTexts reads names with texts.
func (r *reader) tableOfTexts(n *node, key string, name *regexp.Regexp) map[string]string {
	if !r.want(n, isTable, key) {
		return nil
	}
	all := map[string]string{}
	for _, k := range n.keys {
		if !name.MatchString(k) {
			r.refuse(n.fields[k], "", "%s: %q is no name", key, k)
		}
		all[k] = r.stringOf(n.fields[k], key)
	}
	return all
}
