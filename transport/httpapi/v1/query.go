package v1

import (
	"net/url"
	"strconv"
	"time"
)

// query is what stands behind the "?", read as strictly as bodies are.
type query struct {
	values url.Values
	err    error // the first that is wrong
}

// queryOf reads a query that may have the given parameters, each once.
func queryOf(r *request, known ...string) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.err = wrongField("?", "the query cannot be read")
		return q
	}
	for name, all := range values {
		there := false
		for _, k := range known {
			there = there || k == name
		}
		switch {
		case !there:
			q.err = wrongField(name, "there is no such parameter")
		case len(all) > 1:
			q.err = wrongField(name, "it is there twice")
		}
	}
	return q
}

func (q *query) get(name string) string { return q.values.Get(name) }

// wrong notes what is wrong with a parameter.
func (q *query) wrong(name, words string) {
	if q.err == nil {
		q.err = wrongField(name, words)
	}
}

// number reads a whole number between two, or gives otherwise if there is none.
func (q *query) number(name string, low, high, otherwise int) int {
	text := q.get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		q.wrong(name, "want a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high))
	}
	return n
}

// time reads a time, zero if there is none.
func (q *query) time(name string) time.Time {
	text := q.get(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.wrong(name, "want a time with its zone: 2026-11-24T09:00:00Z")
	}
	return t
}
