package icewarp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a document.
const (
	maxDepth    = 100
	maxElements = 1_000_000
)

// node is an element. Its name is in lower case, without "_": whoever writes XML
// by hand or by another version spells it so or so.
type node struct {
	name string
	text string
	line int
	kids []*node
	used bool // somebody has read it
}

// parseXML reads a document into a root without a name. Nothing outside of it is
// read, and no entity but those of XML is replaced.
func parseXML(data []byte) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(withoutDeclaration(decode(data))))
	root := &node{used: true}
	open, count := []*node{root}, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if len(open) > 1 {
				return nil, fmt.Errorf("<%s> of line %d does not end", open[len(open)-1].name, open[len(open)-1].line)
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			line, _ := d.InputPos()
			n := &node{name: plainName(token.Name.Local), line: line}
			for _, a := range token.Attr {
				n.kids = append(n.kids, &node{name: plainName(a.Name.Local), text: a.Value, line: line})
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
			if count += 1 + len(token.Attr); len(open) > maxDepth || count > maxElements {
				return nil, errors.New("it has too many elements, or they are nested too deep")
			}
		case xml.CharData:
			top.text += string(token)
		case xml.EndElement:
			if top == root || top.name != plainName(token.Name.Local) {
				line, _ := d.InputPos()
				return nil, fmt.Errorf("</%s> in line %d ends nothing", oneLine(token.Name.Local), line)
			}
			open = open[:len(open)-1]
		}
	}
}

func plainName(s string) string { return oneLine(strings.ToLower(strings.ReplaceAll(s, "_", ""))) }

// child finds the first element of one of the names right below.
func (n *node) child(names ...string) *node {
	for _, name := range names {
		if i := slices.IndexFunc(n.kids, func(k *node) bool { return k.name == name }); i >= 0 {
			return n.kids[i]
		}
	}
	return nil
}

// read gives the text of a child, and marks it as read.
func (n *node) read(names ...string) string {
	k := n.child(names...)
	if k == nil {
		return ""
	}
	k.used = true
	return strings.TrimSpace(k.text)
}

// flag reads a child that says yes or no. What says neither stays unread.
func (n *node) flag(otherwise bool, names ...string) bool {
	k := n.child(names...)
	if k == nil {
		return otherwise
	}
	switch strings.ToLower(strings.TrimSpace(k.text)) {
	case "1", "-1", "true", "yes":
		otherwise = true
	case "0", "false", "no":
		otherwise = false
	case "":
	default:
		return otherwise
	}
	k.used = true
	return otherwise
}

// count reads a child that is a small number.
func (n *node) count(names ...string) int {
	k := n.child(names...)
	if k == nil {
		return 0
	}
	v, err := strconv.Atoi(strings.TrimSpace(k.text))
	if err != nil && strings.TrimSpace(k.text) != "" || v < 0 || v > maxDepth {
		return 0
	}
	k.used = true
	return v
}

// unused lists the elements below with a text that nobody has read.
func (n *node) unused() (all []*node) {
	for _, k := range n.kids {
		if !k.used && strings.TrimSpace(k.text) != "" {
			all = append(all, k)
		}
		all = append(all, k.unused()...)
	}
	return all
}

// items are the elements of a list: those of <many>, or each <one>.
func (n *node) items(many, one string) (all []*node) {
	for _, k := range n.kids {
		switch k.name {
		case many:
			k.used = true
			switch {
			case len(k.kids) > 0 && k.kids[0].name == one || k.child("item", "custom", one) != nil:
				all = append(all, k.kids...)
			case len(k.kids) > 0:
				all = append(all, k)
			default:
				k.used = strings.TrimSpace(k.text) == ""
			}
		case one:
			all = append(all, k)
		}
	}
	return all
}
