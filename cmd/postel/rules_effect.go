package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// effectShown is what a rule wants done beside a message, with all values filled
// in. What may be a secret of the rule is "***".
type effectShown struct {
	Rule string   `json:"rule"`
	Kind string   `json:"kind"` // "mail", "sms", "reply", "run", "call", "sql", "digest"
	What string   `json:"what"` // in words
	More []detail `json:"with,omitempty"`
	Fail string   `json:"fails,omitempty"` // why it cannot be done
}

// detail is something about it.
type detail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// masked stands for what may be a secret.
const masked = "***"

// mayHide finds templates that may hold a secret, and names of what may be one.
var mayHide = regexp.MustCompile(`(?i)authori[sz]ation|pass(w|phrase|\b)|\bpwd\b|key\b|token|secret|bearer|credential|\bauth\b`)

// showEffect fills in what is done; deed is the message that the stages have made
// of it.
func showEffect(e rule.Effect, deed smsengine.Message) effectShown {
	s := effectShown{Rule: e.By(), Kind: e.Kind()}
	if deed.State.Final() {
		s.Fail = outcome(deed.Status)
	}
	add := func(name, value string) {
		if value != "" {
			s.More = append(s.More, detail{name, value})
		}
	}
	switch e := e.(type) {
	case rule.Mail:
		s.What = "a mail to " + e.To
		if e.Archive {
			s.What += ", for the record"
		}
		add("subject", deed.Body.Subject)
		for _, h := range deed.Body.Headers {
			add("header "+h.Name, h.Value)
		}
		add("text", deed.Body.Text)
	case rule.SMS:
		s.What = "a text to " + e.To
		add("sender", e.Sender)
		add("text", e.Text)
	case rule.AutoReply:
		s.What = "a reply to the phone, at most once in " + e.Every.String()
		add("text", e.Text)
	case rule.Run:
		s.run(e, add)
	case rule.Call:
		s.call(e, add)
	case rule.SQL:
		s.sql(e, add)
	default:
		s.What = e.Kind()
	}
	return s
}

func (s *effectShown) run(e rule.Run, add func(name, value string)) {
	s.What = "run a program"
	if e.Shell {
		s.What = "run a line of sh"
		add("command", maskWhole(e.Command[0]))
	} else {
		argv, err := rule.Run{Command: maskArguments(e.Command), Values: e.Values}.Argv()
		if err != nil {
			s.Fail = err.Error()
			return
		}
		for i, arg := range argv {
			argv[i] = quotedIfNeeded(arg)
		}
		add("command", strings.Join(argv, " "))
	}
	e.Stdin = maskWhole(e.Stdin)
	if input, err := e.Input(); err == nil {
		add("standard input", input)
	}
	own := map[string]string{}
	for name, value := range e.Env {
		own[name] = maskNamed(name, value)
	}
	all, _ := rule.Run{Env: own, Values: e.Values}.Environ() // templates were read before
	for _, pair := range all {
		if name, value, _ := strings.Cut(pair, "="); own[name] != "" {
			add("environment "+name, value)
		}
	}
}

func (s *effectShown) call(e rule.Call, add func(name, value string)) {
	e.URL, e.Body = maskURL(e.URL), maskWhole(e.Body)
	fields := map[string]string{}
	for name, value := range e.Headers {
		fields[name] = maskNamed(name, value)
	}
	if e.Headers = fields; e.Body == masked {
		e.Type = "text/plain; charset=utf-8" // nothing in it is to be escaped
	}
	r, err := e.Fill()
	if err != nil {
		s.Fail = err.Error()
		return
	}
	s.What = "ask for a URL"
	add("request", r.Method+" "+r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		add("header "+name, r.Header[name])
	}
	add("body", r.Body)
}

func (s *effectShown) sql(e rule.SQL, add func(name, value string)) {
	s.What = "execute a statement on the database " + e.Database
	e.Statement = maskWhole(e.Statement)
	statement, values, err := e.Bind(func(n int) string { return fmt.Sprintf("$%d", n) })
	if err != nil {
		s.Fail = err.Error()
		return
	}
	add("statement", statement)
	for i, v := range values {
		add(fmt.Sprintf("$%d", i+1), fmt.Sprint(v))
	}
}

// maskWhole hides a template that may hold a secret.
func maskWhole(template string) string {
	if mayHide.MatchString(template) {
		return masked
	}
	return template
}

// maskNamed hides what stands in a header or in the environment, unless it is the
// message's own.
func maskNamed(name, template string) string {
	if mayHide.MatchString(name) || !strings.Contains(template, "%%") {
		return masked
	}
	return maskWhole(template)
}

// maskArguments hides arguments that may hold a secret, and what stands behind an
// option that is called so.
func maskArguments(command []string) []string {
	shown := slices.Clone(command)
	for i, arg := range command {
		switch {
		case i == 0:
		case mayHide.MatchString(command[i-1]) && strings.HasPrefix(command[i-1], "-") && !strings.Contains(command[i-1], "="):
			shown[i] = masked
		case mayHide.MatchString(arg) && strings.Contains(arg, "="):
			name, _, _ := strings.Cut(arg, "=")
			shown[i] = name + "=" + masked
		case mayHide.MatchString(arg) && !strings.HasPrefix(arg, "-"):
			shown[i] = masked
		}
	}
	return shown
}

// maskURL hides the fixed values of a query: a password may be among them.
func maskURL(template string) string {
	path, query, asked := strings.Cut(template, "?")
	if !asked {
		return template
	}
	params := strings.Split(query, "&")
	for i, p := range params {
		name, value, _ := strings.Cut(p, "=")
		if value != "" && (!strings.Contains(value, "%%") || mayHide.MatchString(name)) {
			params[i] = name + "=" + masked
		}
	}
	return path + "?" + strings.Join(params, "&")
}

// quotedIfNeeded writes an argument so that its ends are seen.
func quotedIfNeeded(arg string) string {
	if arg == "" || strings.ContainsAny(arg, " \t\n\"'\\$") {
		return fmt.Sprintf("%q", arg)
	}
	return arg
}
