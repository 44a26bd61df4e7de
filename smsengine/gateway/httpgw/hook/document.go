package hook

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// caller is one request while it is read.
type caller struct {
	Request
	form    url.Values // of a body that is a form; nil: it is none
	charset string     // that Content-Type names; "": none
	doc     *provider.Document
	now     time.Time
}

// maxFields bounds the fields of a form, and maxField one of them in octets.
const (
	maxFields = 1000
	maxField  = 64 << 10
)

// newCaller reads the body as what it is. One that cannot be read has no fields.
func (r *Reader) newCaller(q Request) *caller {
	c := &caller{Request: q, now: r.now()}
	kind, params, _ := mime.ParseMediaType(q.Header.Get("Content-Type"))
	c.charset = params["charset"]
	var fields url.Values
	switch {
	case kind == "application/x-www-form-urlencoded":
		c.form = query(string(q.Body))
		fields = c.form
	case kind == "multipart/form-data":
		c.form = parts(q.Body, params["boundary"])
		fields = c.form
	default:
		fields = members(q.Body)
	}
	c.doc = &provider.Document{Header: q.Header, Query: query(q.URL.RawQuery), Form: fields, Body: q.Body}
	return c
}

// query reads what a form or a URL says (WHATWG URL §5.1). Of what is broken it
// takes what there is.
func query(s string) url.Values {
	v := url.Values{}
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" || len(v) >= maxFields {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		v[name] = append(v[name], unescape(value))
	}
	return v
}

// unescape resolves "+" and percent-encoding; what is no escape stays.
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	s = strings.ReplaceAll(s, "+", " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if o, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(o)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parts reads a form of parts (RFC 7578). Files in it are passed over.
func parts(body []byte, boundary string) url.Values {
	v := url.Values{}
	if boundary == "" {
		return v
	}
	m := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		p, err := m.NextPart()
		if err != nil {
			break
		}
		if p.FormName() == "" || p.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(io.LimitReader(p, maxField))
		if err != nil {
			break
		}
		v.Add(p.FormName(), string(value))
	}
	return v
}

// members are the simple values of a JSON object, which some providers send
// instead of the fields of a form, under the same names, as the customer likes.
func members(body []byte) url.Values {
	v := url.Values{}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if dec.Decode(&object) != nil {
		return v
	}
	for name, value := range object {
		switch value := value.(type) {
		case string:
			v.Set(name, value)
		case json.Number:
			v.Set(name, value.String())
		case bool:
			v.Set(name, map[bool]string{true: "true", false: "false"}[value])
		}
	}
	return v
}

// concerned reports whether there is anything in a request for this side.
func (s *side) concerned(c *caller) bool {
	return slices.ContainsFunc(c.doc.Each(s.Each), s.matches)
}

// matches reports whether all that [provider.Hook.When] wants stands there.
func (s *side) matches(d *provider.Document) bool {
	for w, want := range s.When {
		value := d.First(w)
		switch want {
		case "":
			if value != "" {
				return false
			}
		case "*":
			if value == "" {
				return false
			}
		default:
			if !slices.Contains(strings.Split(want, "|"), value) {
				return false
			}
		}
	}
	return true
}
