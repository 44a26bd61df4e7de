package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// JSON is a JSON text whose strings are templates. Values are put in after it
// was read, so that none can break out of its string. What is not there
// ([Template.Expand]) is left out, and so is an object or array of which nothing
// is left.
//
// A string that begins with "#" and has variables makes a number: "#%number%".
type JSON struct{ root *node }

// node is a value of JSON: one of these.
type node struct {
	literal string // number, true, false, null
	text    *Template
	number  bool // text is written without quotes
	array   []*node
	object  []member
	kind    json.Delim // '[' or '{' for the last two
}

type member struct {
	name  string
	value *node
}

// IsZero reports whether there is none.
func (j JSON) IsZero() bool { return j.root == nil }

// UnmarshalText reads the text and its templates.
func (j *JSON) UnmarshalText(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	n, err := readNode(dec)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = errors.New("something follows behind the end")
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends too early")
		}
		at := text[:min(dec.InputOffset(), int64(len(text)))]
		return fmt.Errorf("JSON, line %d: %w", 1+bytes.Count(at, []byte("\n")), err)
	}
	j.root = n
	return nil
}

func readNode(dec *json.Decoder) (*node, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		return readList(dec, t)
	case string:
		n := &node{text: new(Template)}
		if rest, is := strings.CutPrefix(t, "#"); is && strings.Contains(rest, "%") {
			n.number, t = true, rest
		}
		return n, n.text.UnmarshalText([]byte(t))
	default:
		b, err := json.Marshal(t)
		return &node{literal: string(b)}, err
	}
}

// readList reads an array or an object.
func readList(dec *json.Decoder, kind json.Delim) (*node, error) {
	n := &node{kind: kind}
	for dec.More() {
		var name string
		if kind == '{' {
			t, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name = t.(string) // the decoder takes nothing else here
		}
		v, err := readNode(dec)
		if err != nil {
			return nil, err
		}
		if kind == '{' {
			n.object = append(n.object, member{name, v})
		} else {
			n.array = append(n.array, v)
		}
	}
	_, err := dec.Token()
	return n, err
}

// each calls f with every template.
func (n *node) each(f func(*Template)) {
	if n == nil {
		return
	}
	if n.text != nil {
		f(n.text)
	}
	for _, v := range n.array {
		v.each(f)
	}
	for _, m := range n.object {
		m.value.each(f)
	}
}

// Expand writes the JSON text.
func (j JSON) Expand(v template.Values) ([]byte, error) {
	var b bytes.Buffer
	if _, err := j.root.write(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write reports false if there is nothing to write, since all variables are
// empty.
func (n *node) write(b *bytes.Buffer, v template.Values) (bool, error) {
	switch {
	case n.text != nil:
		return n.writeText(b, v)
	case n.kind == '[' || n.kind == '{':
		return n.writeList(b, v)
	}
	b.WriteString(n.literal)
	return true, nil
}

func (n *node) writeText(b *bytes.Buffer, v template.Values) (bool, error) {
	s, there, err := n.text.Expand(v)
	if err != nil || !there {
		return false, err
	}
	if n.number {
		if !json.Valid([]byte(s)) || strings.Trim(s, "0123456789.-+eE") != "" {
			return false, fmt.Errorf("%s makes no number", n.text.Source)
		}
		b.WriteString(s)
		return true, nil
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return false, err
	}
	b.Truncate(b.Len() - 1) // the encoder's line end
	return true, nil
}

func (n *node) writeList(b *bytes.Buffer, v template.Values) (bool, error) {
	start := b.Len()
	b.WriteByte(byte(n.kind))
	items := n.object
	for _, e := range n.array {
		items = append(items, member{value: e})
	}
	any := len(items) == 0
	for _, m := range items {
		before := b.Len()
		if any && before > start+1 {
			b.WriteByte(',')
		}
		if n.kind == '{' {
			name, _ := json.Marshal(m.name)
			b.Write(name)
			b.WriteByte(':')
		}
		there, err := m.value.write(b, v)
		if err != nil {
			return false, err
		}
		if !there {
			b.Truncate(before)
		}
		any = any || there
	}
	if !any {
		b.Truncate(start)
		return false, nil
	}
	b.WriteByte(byte(n.kind) + 2) // "]" and "}" stand two behind "[" and "{"
	return true, nil
}
