package mistake

import (
	"errors"
	"fmt"
	"testing"
)

func TestProblems(t *testing.T) {
	ps := Problems{
		{File: "outgoing.toml", Line: 12, Column: 4, What: `there is no action "gatway"`, Remedy: "did you mean gateway?"},
		{File: "postel.toml", Key: "mail.to", What: "answers have nowhere to go"},
		{File: "outgoing.toml", Line: 3, What: "two rules have the same title", Remedy: "give each its own"},
	}
	ps.Sort()
	want := "outgoing.toml:3: two rules have the same title; give each its own\n" +
		"outgoing.toml:12:4: there is no action \"gatway\"; did you mean gateway?\n" +
		"postel.toml: mail.to: answers have nowhere to go"
	if got := ps.Error(); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if found, ok := errors.AsType[Problems](fmt.Errorf("rules: %w", ps)); !ok || len(found) != 3 {
		t.Errorf("%v", found)
	}
}

func TestSuggest(t *testing.T) {
	for _, x := range []struct{ got, want string }{
		{"gatway", "did you mean gateway?"},
		{"COPY", "did you mean copy?"},
		{"su", "did you mean us?"},
		{"elsewhere", "there are gateway, copy, us"},
	} {
		if s := Suggest(x.got, []string{"gateway", "copy", "us"}); s != x.want {
			t.Errorf("%s: %s, want %s", x.got, s, x.want)
		}
	}
	if s := Suggest("x", nil); s != "there are none" {
		t.Error(s)
	}
}
