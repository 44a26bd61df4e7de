package wording

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var braces = regexp.MustCompile(`\{[^{}]*\}`)

// sentences gives everything a language says, by the names of its fields.
func sentences(v reflect.Value, name string, all map[string]string) map[string]string {
	for i := range v.NumField() {
		f, field := v.Field(i), name+v.Type().Field(i).Name
		if f.Kind() == reflect.Struct {
			sentences(f, field+".", all)
		} else {
			all[field] = f.String()
		}
	}
	return all
}

// Every language has every sentence, with the same words in braces: none is
// forgotten, and none gets a value that has no place.
func TestLanguagesAreWhole(t *testing.T) {
	want := sentences(reflect.ValueOf(english), "", map[string]string{})
	seen := map[string]bool{}
	for _, l := range all {
		if seen[l.Tag] || In(l.Tag) != l || In(strings.ToUpper(l.Tag)+"-XX") != l {
			t.Errorf("%s is not found by its tag", l.Tag)
		}
		seen[l.Tag] = true
		for name, s := range sentences(reflect.ValueOf(*l), "", map[string]string{}) {
			if reason := strings.HasPrefix(name, "Reasons."); reason && l == &english {
				continue // what is said in English already
			}
			if s == "" {
				t.Errorf("%s has no %s", l.Tag, name)
				continue
			}
			got, in := braces.FindAllString(s, -1), braces.FindAllString(want[name], -1)
			slices.Sort(got)
			slices.Sort(in)
			if !slices.Equal(got, in) {
				t.Errorf("%s, %s: %q has %v, not %v", l.Tag, name, s, got, in)
			}
			if strings.ContainsFunc(s, unicode.IsControl) || strings.TrimSpace(s) != s || strings.Contains(s, "  ") ||
				strings.ContainsAny(braces.ReplaceAllString(s, ""), "{}") {
				t.Errorf("%s, %s: %q is not one clean line", l.Tag, name, s)
			}
			if name != "Tag" && l != &english && s == want[name] {
				t.Errorf("%s, %s is English: %q", l.Tag, name, s)
			}
		}
	}
	for _, tag := range []string{"", "xx", "e", "de_AT.UTF-8x"} {
		if l := In(tag); l.Tag != map[string]string{"de_AT.UTF-8x": "de"}[tag] && l != &english {
			t.Errorf("%q is %s", tag, l.Tag)
		}
	}
}

func TestReasonFor(t *testing.T) {
	if got := german.Reasons.For("5.1.1"); got != german.Reasons.NoNumber {
		t.Errorf("5.1.1 is %q", got)
	}
	for _, code := range []string{"", "5.", "5.9.9", "1.1", "5.1.1.1"} {
		if got := german.Reasons.For(code); got != "" {
			t.Errorf("%q is %q", code, got)
		}
	}
}

// What a stranger wrote cannot put itself in another place.
func TestFill(t *testing.T) {
	if got := Fill("{a} and {b}, {c}", "a", "{b}", "b", "{a}"); got != "{b} and {a}, {c}" {
		t.Error(got)
	}
}
