package setup

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for list, want := range map[string][]string{
		"":                           nil,
		" a,b  c\t,\n d":             {"a", "b", "c", "d"},
		"{ unix:a, b=c }, $d":        {"{ unix:a, b=c }", "$d"},
		"x { y, { z = 451 no } } w,": {"x", "{ y, { z = 451 no } }", "w"},
		"a}, b":                      {"a}", "b"},
		"{a":                         {"{a"},
	} {
		if got := split(list); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}

func TestUnspaced(t *testing.T) {
	for list, want := range map[string]string{
		"a, b  c":                      "a,b,c",
		"{ inet:a:1, b=c }, { unix:d}": "{inet:a:1,b=c},{unix:d}",
		"{ a, { b = 451 4.3.0 no } }":  "",
	} {
		if got, ok := unspaced(list); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", list, got, ok)
		}
	}
}

// An entry that was put into a list can be taken out, and nothing else goes.
func TestInAndOut(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "permit_mynetworks", "$b", "{ unix:x, y=z }", "inet:h:1", "regexp:/etc/c"})
	separator := rapid.SampledFrom([]string{",", " ", ", ", " ,\t"})
	rapid.Check(t, func(t *rapid.T) {
		list := strings.Join(rapid.SliceOf(word).Draw(t, "list"), separator.Draw(t, "separator"))
		entry := rapid.SampledFrom([]string{"ours", "check_recipient_access regexp:ours", "{ unix:ours, default_action=accept }"}).Draw(t, "entry")
		for _, put := range []func(string, string) string{inFront, behind} {
			got, ok := without(entry, put(entry, list))
			if !ok || !slices.Equal(split(got), split(list)) {
				t.Fatalf("%q became %q, %v", list, got, ok)
			}
			if _, ok := without(entry, put(entry, put(entry, list))); ok {
				t.Fatalf("of two it is not clear which is meant")
			}
		}
		if tight, ok := unspaced(list); ok && !slices.EqualFunc(split(tight), split(list), func(a, b string) bool { return plain(a) == plain(b) }) {
			t.Fatalf("%q became %q", list, tight)
		}
	})
}
