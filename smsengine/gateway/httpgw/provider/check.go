package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// checker keeps the first thing that is wrong.
type checker struct {
	p         *Provider
	settings  []template.Setting
	used      map[string]bool
	key, what string
}

func (c *checker) bad(key, format string, args ...any) {
	if c.key == "" {
		c.key, c.what = key, fmt.Sprintf(format, args...)
	}
}

func (c *checker) all() {
	c.used = map[string]bool{}
	c.head()
	c.needs()
	if c.key != "" {
		return // templates cannot be read without the needs
	}
	c.send()
	c.answer()
	if h := c.p.Incoming; h != nil {
		c.hook("incoming", &h.Hook)
		c.where("incoming.from", h.From)
		if h.Text.IsZero() && h.Data.IsZero() {
			c.bad("incoming.text", "it does not say where the text is")
		}
		if !h.Data.IsZero() || !h.UDH.IsZero() {
			c.oneOf("incoming.encoding", h.Encoding, "hex", "base64")
		}
	}
	if h := c.p.Receipts; h != nil {
		c.hook("receipts", &h.Hook)
		c.where("receipts.state", h.State)
		if len(h.References) == 0 {
			c.bad("receipts.reference", "it does not say where the name of the text is")
		}
		if len(h.States) == 0 {
			c.bad("receipts.states", "no state is known")
		}
	}
	for i, n := range c.p.Needs {
		if !c.used[n.Name] {
			c.bad(fmt.Sprintf("need[%d].name", i), "nothing needs %q", n.Name)
		}
	}
}

func (c *checker) head() {
	p := c.p
	if p.Name == "" {
		c.bad("name", "the provider has no name")
	}
	if p.Verified != Unverified && (len(p.Documents) == 0 || p.Read.Year == 0) {
		c.bad("verified", "%q names the documents, and read the day on which they were read", p.Verified)
	}
	c.oneOf("verified", string(p.Verified), string(Unverified), string(ByDocs), string(Live))
	c.oneOf("splits", string(p.Splits), string(ByProvider), string(ByPostel))
	if len(p.Alphabets) == 0 {
		c.bad("alphabets", "it carries no texts at all")
	}
	for _, a := range p.Alphabets {
		c.oneOf("alphabets", a, alphabets...)
	}
	if p.MaxParts < 0 {
		c.bad("max_parts", "want a number of parts, or 0 for any")
	}
	if p.Concurrency < 0 {
		c.bad("concurrency", "want a number of requests, or 0 for any")
	}
}

var alphabets = []string{"gsm7", "ucs2", "binary"}

func (c *checker) needs() {
	seen := map[string]bool{}
	for _, s := range own {
		seen[s.Name] = true
	}
	for i, n := range c.p.Needs {
		key := fmt.Sprintf("need[%d]", i)
		if err := template.CheckName(n.Name); err != nil {
			c.bad(key+".name", "%v", err)
		}
		switch {
		case seen[n.Name]:
			c.bad(key+".name", "%q is a variable already", n.Name)
		case n.Words == "":
			c.bad(key+".words", "say what it is, and where it is found")
		case n.Secret && n.Default != "":
			c.bad(key+".default", "a secret has no default")
		case n.Template && c.p.Send.URL.Source != "%"+n.Name+"%":
			c.bad("send.url", "%q is a URL with variables: write %q and nothing else", n.Name, "%"+n.Name+"%")
		}
		seen[n.Name] = true
	}
}

func (c *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.bad(key, "%q: write %s", value, quoted(allowed))
	}
}

func quoted(words []string) string {
	var q []string
	for _, w := range words {
		if w != "" {
			q = append(q, fmt.Sprintf("%q", w))
		}
	}
	last := len(q) - 1
	if last < 1 {
		return strings.Join(q, "")
	}
	return strings.Join(q[:last], ", ") + " or " + q[last]
}

// template parses one, now that its variables are known.
func (c *checker) template(key string, place template.Place, t *Template) {
	if t.IsZero() {
		return
	}
	if err := t.parse(place, c.settings); err != nil {
		c.bad(key, "%v", err)
		return
	}
	for _, n := range t.parsed.Variables() {
		c.used[n] = true
	}
}

// templates parses the values of a table.
func (c *checker) templates(key string, place template.Place, ts map[string]Template) {
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		t := ts[name]
		c.template(key+"."+name, place, &t)
		ts[name] = t
	}
}

func (c *checker) where(key string, w Where) {
	if w.IsZero() {
		c.bad(key, "it does not say where this is")
	}
}
