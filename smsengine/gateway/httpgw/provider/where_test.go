package provider

import (
	"net/url"
	"strings"
	"testing"
)

func TestFirstOfSeveralPlaces(t *testing.T) {
	d := &Document{
		Body:  []byte(`{"empty":"","null":null,"old":"+15555550123","list":["a","b"]}`),
		Query: url.Values{"key": {"q"}},
	}
	for where, want := range map[string]string{
		"json:/new or json:/old":              "+15555550123",
		"json:/empty or json:/old":            "+15555550123",
		"json:/null or json:/old":             "+15555550123",
		"json:/old or json:/list/0":           "+15555550123",
		"json:/list/* or json:/old":           "a,b",
		"json:/new or form:none or query:key": "q",
		"json:/new or value:this or that":     "this or that",
		"regexp:(old or new|null)":            "null",
		"json:/new or json:/newer":            "",
	} {
		var w Where
		if err := w.UnmarshalText([]byte(where)); err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if got := strings.Join(d.Find(w), ","); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
		if w.String() != where {
			t.Errorf("%s is written %s", where, w)
		}
	}
	for where, want := range map[string]string{
		"json:/a or elsewhere": `"elsewhere" says not where`,
		"json:/a or ":          `"" says not where`,
		"json:a or json:/b":    `"a": a JSON pointer begins`,
	} {
		var w Where
		if err := w.UnmarshalText([]byte(where)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", where, err, want)
		}
	}
}

func TestElementsInOneOfSeveralPlaces(t *testing.T) {
	var each, id Where
	for w, text := range map[*Where]string{&each: "json:/event/texts/* or json:", &id: "json:/id"} {
		if err := w.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for body, want := range map[string]string{
		`{"event":{"texts":[{"id":1},{"id":2}]}}`: "1 2",
		`{"id":3}`:                      "3",
		`{"event":{"texts":[]},"id":4}`: "4",
		`no JSON`:                       "",
	} {
		var ids []string
		d := &Document{Body: []byte(body)}
		for _, e := range d.Each(each) {
			ids = append(ids, e.First(id))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
