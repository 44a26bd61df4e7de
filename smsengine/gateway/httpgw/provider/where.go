package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Where says where a value stands in an answer or a request:
//
//	json:/messages/0/id   JSON pointer (RFC 6901); "*" is each element of an array
//	form:From             form field, or else query parameter
//	query:sig             query parameter
//	header:Location       header field
//	regexp:ID: (\S+)      first group of a regular expression in the body
//	line:2                line of the body, without its end
//	body                  the whole body
//	value:x               x itself, wherever it is looked for
//	msgid                 our own name for the text, which the request carried
//
// "json:/a or json:/b" is the first of several where something stands; what
// follows "regexp:" and "value:" goes to the end.
type Where struct {
	kind, arg string
	re        *regexp.Regexp
	or        *Where // nil: nowhere else
}

// UnmarshalText reads it.
func (w *Where) UnmarshalText(text []byte) (err error) {
	v := Where{}
	one, rest, more := strings.Cut(string(text), " or ")
	if strings.HasPrefix(one, "regexp:") || strings.HasPrefix(one, "value:") {
		one, more = string(text), false
	}
	if more {
		v.or = new(Where)
		if err := v.or.UnmarshalText([]byte(rest)); err != nil {
			return err
		}
	}
	v.kind, v.arg, _ = strings.Cut(one, ":")
	switch v.kind {
	case "json":
		if p := strings.TrimPrefix(v.arg, "^"); p != "" && p[0] != '/' {
			return fmt.Errorf(`%q: a JSON pointer begins with "/" (RFC 6901)`, v.arg)
		}
	case "regexp":
		if v.re, err = regexp.Compile(v.arg); err != nil {
			return err
		}
		if v.re.NumSubexp() < 1 {
			return fmt.Errorf("%q: put what is wanted in parentheses", v.arg)
		}
	case "line":
		if n, err := strconv.Atoi(v.arg); err != nil || n < 1 {
			return fmt.Errorf("%q: want the number of a line, from 1", v.arg)
		}
	case "form", "query", "header":
		if v.arg == "" {
			return fmt.Errorf(`%q: a name is missing behind ":"`, one)
		}
	case "value":
	case "body", "msgid":
		if v.arg != "" {
			return fmt.Errorf("%q: %s stands alone", one, v.kind)
		}
	default:
		return fmt.Errorf("%q says not where: begin with json:, form:, query:, header:, regexp:, line: or value:, or write body or msgid", one)
	}
	*w = v
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (w Where) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func (w Where) String() string {
	s := w.kind
	switch w.kind {
	case "", "body", "msgid":
	default:
		s += ":" + w.arg
	}
	if w.or != nil {
		s += " or " + w.or.String()
	}
	return s
}

// IsZero reports whether it says nothing.
func (w Where) IsZero() bool { return w.kind == "" }

// IsMsgID reports whether it is our own name for the text.
func (w Where) IsMsgID() bool { return w.kind == "msgid" }

// Document is an answer or a request in which values are found. It must not be
// used by several goroutines at a time.
type Document struct {
	Header http.Header
	Query  url.Values
	Form   url.Values
	Body   []byte

	read      bool
	top, here any // JSON
}

// Find gives the values that stand there, in order; none if there are none.
func (d *Document) Find(w Where) []string {
	for ; w.or != nil; w = *w.or {
		if found := d.find(w); strings.Join(found, "") != "" {
			return found
		}
	}
	return d.find(w)
}

// find looks at one place.
func (d *Document) find(w Where) []string {
	switch w.kind {
	case "json":
		d.parse()
		if p, top := strings.CutPrefix(w.arg, "^"); top {
			return texts(at(d.top, p))
		}
		return texts(at(d.here, w.arg))
	case "form":
		if vs, ok := d.Form[w.arg]; ok {
			return vs
		}
		return d.Query[w.arg]
	case "query":
		return d.Query[w.arg]
	case "header":
		return d.Header.Values(w.arg)
	case "regexp":
		if m := w.re.FindSubmatch(d.Body); m != nil {
			return []string{string(m[1])}
		}
	case "line":
		n, _ := strconv.Atoi(w.arg)
		if lines := strings.Split(strings.TrimRight(string(d.Body), "\r\n"), "\n"); n <= len(lines) {
			return []string{strings.TrimRight(lines[n-1], "\r")}
		}
	case "body":
		return []string{string(d.Body)}
	case "value":
		return []string{w.arg}
	}
	return nil
}

// First gives the first value that stands there, "" if there is none.
func (d *Document) First(w Where) string {
	if vs := d.Find(w); len(vs) > 0 {
		return vs[0]
	}
	return ""
}

// Each gives a Document for each element that stands there; where no place is
// named, the document itself.
func (d *Document) Each(w Where) []*Document {
	if w.kind != "json" {
		return []*Document{d}
	}
	d.parse()
	var all []*Document
	for _, v := range at(d.top, strings.TrimPrefix(w.arg, "^")) {
		e := *d
		e.here = v
		all = append(all, &e)
	}
	if len(all) == 0 && w.or != nil {
		return d.Each(*w.or)
	}
	return all
}

// parse reads the body as JSON once. A body that is none has no values.
func (d *Document) parse() {
	if d.read {
		return
	}
	d.read = true
	dec := json.NewDecoder(bytes.NewReader(d.Body))
	dec.UseNumber() // an ID of 20 digits stays what it is
	var v any
	if dec.Decode(&v) != nil {
		return
	}
	if _, err := dec.Token(); err != io.EOF {
		return
	}
	d.top, d.here = v, v
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// at follows a JSON pointer.
func at(v any, pointer string) []any {
	if v == nil {
		return nil
	}
	if pointer == "" {
		return []any{v}
	}
	step, rest, more := strings.Cut(pointer[1:], "/")
	if more {
		rest = "/" + rest
	}
	switch v := v.(type) {
	case map[string]any:
		return at(v[unescapePointer.Replace(step)], rest)
	case []any:
		if step == "*" {
			var all []any
			for _, e := range v {
				all = append(all, at(e, rest)...)
			}
			return all
		}
		if n, err := strconv.Atoi(step); err == nil && n >= 0 && n < len(v) {
			return at(v[n], rest)
		}
	}
	return nil
}

// texts are JSON values as texts: numbers as they were written, true and false,
// objects and arrays as JSON. null is no value.
func texts(vs []any) (all []string) {
	for _, v := range vs {
		switch v := v.(type) {
		case nil:
		case string:
			all = append(all, v)
		case json.Number:
			all = append(all, v.String())
		case bool:
			all = append(all, strconv.FormatBool(v))
		default:
			b, _ := json.Marshal(v)
			all = append(all, string(b))
		}
	}
	return all
}
