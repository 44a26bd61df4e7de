package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// fill expands a stored template; each value goes through quote first.
func fill(source string, values map[string]string, quote func(string) string) (string, error) {
	t, err := newTemplate(source, nil)
	if err != nil {
		return "", err
	}
	return t.expand(func(name string) string { return quote(values[name]) }, nil), nil
}

// harmless are the variables whose values never begin with "-".
var harmless = []string{"id", "to", "parts", "size", "date", "time", "alphabet"}

// options finds the argument of a command that a value could make an option: one
// that begins with a variable, or with "-" and a variable, unless "--" stands before it.
func options(command []string) error {
	for i, arg := range command {
		if arg == "--" {
			return nil
		}
		t, err := newTemplate(arg, nil)
		if err != nil {
			return err
		}
		if len(t) > 0 && strings.Trim(t[0].literal, "-") == "" && len(names(t)) > 0 && !slices.Contains(harmless, names(t)[0]) {
			return fmt.Errorf(`%s could begin with "-" and be taken for an option: write "--" before it, or --name=%s`, command[i], command[i])
		}
	}
	return nil
}

// Argv is the program and its arguments. Every value stays in the argument that it
// was written into; none can begin an option.
func (e Run) Argv() ([]string, error) {
	if len(e.Command) == 0 {
		return nil, errors.New("there is no command")
	}
	if e.Shell {
		return []string{"/bin/sh", "-c", e.Command[0]}, nil
	}
	if err := options(e.Command); err != nil {
		return nil, err
	}
	argv, ended := make([]string, len(e.Command)), false
	for i, arg := range e.Command {
		filled, err := fill(arg, e.Values, noNUL)
		if err != nil {
			return nil, err
		}
		if !ended && strings.HasPrefix(filled, "-") && !strings.HasPrefix(arg, "-") {
			return nil, fmt.Errorf("%s would be an option", arg)
		}
		ended = ended || arg == "--"
		argv[i] = filled
	}
	return argv, nil
}

// Environ is what the program finds in its environment, "POSTEL_TEXT=…": all
// values, and what the rule says. The caller adds PATH and what else it likes.
func (e Run) Environ() ([]string, error) {
	env := map[string]string{"POSTEL_RULE": noNUL(e.Rule)}
	for name, value := range e.Values {
		env["POSTEL_"+strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))] = noNUL(value)
	}
	for name, t := range e.Env {
		value, err := fill(t, e.Values, noNUL)
		if err != nil {
			return nil, err
		}
		env[name] = value
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		all = append(all, name+"="+env[name])
	}
	return all, nil
}

// Input is what the program reads from its standard input.
func (e Run) Input() (string, error) {
	return fill(e.Stdin, e.Values, func(s string) string { return s })
}

// noNUL drops what no argument can hold.
func noNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// Request is an HTTP request to be made.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        string
}

// Fill makes the request. Values are escaped as the place they stand in wants it.
func (e Call) Fill() (Request, error) {
	r := Request{Method: e.Method, Header: map[string]string{}}
	path, query, asked := strings.Cut(e.URL, "?")
	filled, err := fill(path, e.Values, url.PathEscape)
	if err != nil {
		return r, err
	}
	r.URL = filled
	if asked {
		if filled, err = fill(query, e.Values, url.QueryEscape); err != nil {
			return r, err
		}
		r.URL += "?" + filled
	}
	for name, t := range e.Headers {
		if filled, err = fill(t, e.Values, func(s string) string { return s }); err != nil {
			return r, err
		}
		r.Header[textproto.CanonicalMIMEHeaderKey(name)] = oneLine(filled)
	}
	quote, ok := bodies[e.Type]
	if !ok && e.Body != "" {
		return r, fmt.Errorf("no body of the type %.60q can be filled", e.Type)
	}
	if e.Body != "" {
		r.Header["Content-Type"] = e.Type
		r.Body, err = fill(e.Body, e.Values, quote)
	}
	return r, err
}

// Media types of bodies.
const (
	typeForm  = "application/x-www-form-urlencoded"
	typeJSON  = "application/json"
	typePlain = "text/plain; charset=utf-8"
)

// bodies says how a value is written into each type of body.
var bodies = map[string]func(string) string{
	typeForm: url.QueryEscape,
	typeJSON: func(s string) string { // between quotes, which the template has
		quoted, _ := json.Marshal(s)
		return string(quoted[1 : len(quoted)-1])
	},
	typePlain: func(s string) string { return s },
}

// Bind gives the statement with a mark for each value, and the values in the order
// of the marks; mark(1) is the first, "$1" or "?". A variable that stands twice is
// bound twice.
func (e SQL) Bind(mark func(n int) string) (statement string, values []any, err error) {
	t, err := newTemplate(e.Statement, nil)
	if err != nil {
		return "", nil, err
	}
	return t.expand(func(name string) string {
		values = append(values, e.Values[name])
		return mark(len(values))
	}, nil), values, nil
}

// maxHeader is the longest value of a header field, in octets (RFC 5322 §2.1.1).
const maxHeader = 900

// oneLine is a text that can stand in a header: whatever would end the line or
// steer a terminal is a space, or nothing at the ends.
func oneLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, s)
	if len(s) > maxHeader {
		s = strings.ToValidUTF8(s[:maxHeader], "")
	}
	return strings.TrimSpace(s)
}
