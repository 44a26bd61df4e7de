package rule

import (
	"bytes"
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// node is a value of a TOML document, with its place. Tables keep the order of
// their keys, for actions are done in the order in which they are written.
type node struct {
	at     int // octets before its key or, in a list, itself
	kind   kind
	text   string
	number float64
	yes    bool
	items  []*node
	keys   []string
	fields map[string]*node
}

type kind string

const (
	isText   kind = "a text"
	isNumber kind = "a number"
	isFlag   kind = "true or false"
	isList   kind = "a list"
	isTable  kind = "a table"
	isOther  kind = "a date"
)

// parseTree reads a document. Errors are those of TOML, with their place.
func parseTree(data []byte) (*node, *mistake.Problem) {
	var whole map[string]any
	if err := toml.Unmarshal(data, &whole); err != nil {
		p := &mistake.Problem{What: strings.TrimPrefix(err.Error(), "toml: ")}
		if located, ok := errors.AsType[*toml.DecodeError](err); ok {
			p.Line, p.Column = located.Position()
		}
		return nil, p
	}
	root := newBranch(0)
	table := root
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = root.open(e)
		case unstable.KeyValue:
			table.put(e)
		}
	}
	return root, nil
}

// newBranch makes an empty table.
func newBranch(at int) *node { return &node{at: at, kind: isTable, fields: map[string]*node{}} }

// open finds or makes the table that a header names.
func (n *node) open(e *unstable.Node) *node {
	it := e.Key()
	for it.Next() {
		at := int(it.Node().Raw.Offset)
		last := e.Kind == unstable.ArrayTable && it.IsLast()
		n = n.child(string(it.Node().Data), at, last)
		if n.kind != isList {
			continue
		}
		if last {
			n.items = append(n.items, newBranch(at))
		}
		n = n.items[len(n.items)-1]
	}
	return n
}

// put adds "key = value", where the key may have dots.
func (n *node) put(e *unstable.Node) {
	it := e.Key()
	for it.Next() {
		name, at := string(it.Node().Data), int(it.Node().Raw.Offset)
		if it.IsLast() {
			n.add(name, value(e.Value(), at))
			return
		}
		n = n.child(name, at, false)
	}
}

func (n *node) child(name string, at int, list bool) *node {
	if c, ok := n.fields[name]; ok {
		return c
	}
	c := newBranch(at)
	if list {
		c = &node{at: at, kind: isList}
	}
	n.add(name, c)
	return c
}

func (n *node) add(name string, c *node) {
	if n.fields[name] == nil {
		n.keys = append(n.keys, name)
		n.fields[name] = c
	}
}

func value(v *unstable.Node, at int) *node {
	n := &node{at: at, kind: isOther}
	switch v.Kind {
	case unstable.String:
		n.kind, n.text = isText, string(v.Data)
	case unstable.Bool:
		n.kind, n.yes = isFlag, string(v.Data) == "true"
	case unstable.Integer, unstable.Float:
		written := strings.ReplaceAll(string(v.Data), "_", "")
		n.kind, n.text = isNumber, written
		if i, err := strconv.ParseInt(written, 0, 64); err == nil {
			n.number = float64(i)
		} else {
			n.number, _ = strconv.ParseFloat(written, 64)
		}
	case unstable.Array:
		n.kind = isList
		for it := v.Children(); it.Next(); {
			item := at
			if it.Node().Raw.Length > 0 {
				item = int(it.Node().Raw.Offset)
			}
			n.items = append(n.items, value(it.Node(), item))
		}
	case unstable.InlineTable:
		n = newBranch(at)
		for it := v.Children(); it.Next(); {
			n.put(it.Node())
		}
	}
	return n
}

// places turns octets into lines and columns.
type places []int

func newPlaces(data []byte) places {
	starts := places{0}
	for i := bytes.IndexByte(data, '\n'); i >= 0; {
		starts = append(starts, i+1)
		next := bytes.IndexByte(data[i+1:], '\n')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return starts
}

func (ps places) of(at int) (line, column int) {
	line = sort.SearchInts(ps, at+1)
	return line, at - ps[line-1] + 1
}

// list is the node's items, or the node itself where one value stands for a list.
func (n *node) list() []*node {
	if n.kind == isList {
		return n.items
	}
	return []*node{n}
}

// other finds the first key of the table that is none of these.
func (n *node) other(known ...string) (string, bool) {
	for _, k := range n.keys {
		if !slices.Contains(known, k) {
			return k, true
		}
	}
	return "", false
}
