package httpgw

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// composer makes requests as a provider file says.
type composer struct {
	send *provider.Send
	url  provider.Template // send.URL, or the site's own
}

// request is one that is ready to go, and its address as logs may show it.
type request struct {
	*http.Request
	body   []byte
	masked string
}

// compose fills the request in for one text. The error is a
// *template.ValueError.
func (c *composer) compose(ctx context.Context, v template.Values, extra []string) (request, error) {
	address, _, err := c.url.Expand(v)
	if err != nil {
		return request{}, err
	}
	query, err := fields(c.send.Query, v)
	if err != nil {
		return request{}, err
	}
	form, err := fields(c.send.Form, v)
	if err != nil {
		return request{}, err
	}
	if c.send.Values {
		c.addExtra(address, query, form, extra)
	}
	body, contentType, err := c.body(v, form)
	if err != nil {
		return request{}, err
	}
	r, err := http.NewRequestWithContext(ctx, c.send.Method, address, nil)
	if err != nil {
		return request{}, &template.ValueError{Variable: "url", What: "it makes no URL", Setting: true}
	}
	if len(query) > 0 {
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+query.Encode(), "&")
	}
	if err := c.header(r, contentType, v); err != nil {
		return request{}, err
	}
	// Package http repeats by itself what it takes for safe to repeat: what has a
	// body that it cannot read twice is not.
	r.Body, r.GetBody, r.ContentLength = io.NopCloser(bytes.NewReader(body)), nil, int64(len(body))
	return request{r, body, c.url.Masked(v)}, nil
}

// body fills in the body.
func (c *composer) body(v template.Values, form url.Values) (body []byte, contentType string, err error) {
	switch s := c.send; {
	case len(s.Form) > 0:
		return []byte(form.Encode()), "application/x-www-form-urlencoded", nil
	case !s.JSON.IsZero():
		body, err := s.JSON.Expand(v)
		return body, "application/json", err
	case !s.Raw.IsZero():
		raw, _, err := s.Raw.Expand(v)
		return []byte(raw), s.ContentType, err
	}
	return nil, "", nil
}

// header fills in the header.
func (c *composer) header(r *http.Request, contentType string, v template.Values) error {
	r.Header.Set("User-Agent", "Postel")
	r.Header.Set("Accept", "application/json, text/plain, */*")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, name := range slices.Sorted(maps.Keys(c.send.Headers)) {
		t := c.send.Headers[name]
		value, there, err := t.Expand(v)
		if err != nil {
			return err
		}
		if there {
			r.Header.Set(name, value)
		}
	}
	if name := c.send.IdempotencyHeader; name != "" {
		r.Header.Set(name, v.MsgID)
	}
	return nil
}

// fields fills in a form or a query.
func fields(ts map[string]provider.Template, v template.Values) (url.Values, error) {
	all := url.Values{}
	for name, t := range ts {
		value, there, err := t.Expand(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if there {
			all.Set(name, value)
		}
	}
	return all, nil
}

// addExtra adds what the sender of a text wrote for the provider, as value= of
// its address: "&unicode=1". It goes where the request's own parameters are, and
// cannot say anew what they say, or would say if there was something to say.
func (c *composer) addExtra(address string, query, form url.Values, extra []string) {
	taken := map[string]bool{strings.ToLower(c.send.Auth.Name): true, "": true}
	if u, err := url.Parse(address); err == nil {
		for name := range u.Query() {
			taken[strings.ToLower(name)] = true
		}
	}
	for _, ts := range []map[string]provider.Template{c.send.Query, c.send.Form} {
		for name := range ts {
			taken[strings.ToLower(name)] = true
		}
	}
	to := query
	if len(c.send.Form) > 0 {
		to = form
	}
	for _, e := range extra {
		more, err := url.ParseQuery(strings.TrimPrefix(e, "&"))
		if err != nil {
			continue
		}
		for name, values := range more {
			if !taken[strings.ToLower(name)] {
				to[name] = append(to[name], values...)
			}
		}
	}
}

// quoteJSON is a string as JSON writes it.
func quoteJSON(s string) string {
	b, _ := json.Marshal(s) // a string always has a form
	return string(b)
}
