package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// cookbook is the page whose recipes are tried.
const cookbook = "../../docs/cookbook.md"

// recipe is a section of the page: what an administrator writes into which files,
// and a table of what happens then.
type recipe struct {
	title string
	files map[string]string // by their names below /etc/postel
	cases []happening
}

// happening is a line of the table, by the heads of its columns.
type happening map[string]string

var (
	chapter = regexp.MustCompile(`(?m)^##+ (.*)$`)
	listing = regexp.MustCompile("(?ms)^```\\w+\n(?:#|--) (\\S+)\n(.*?)^```$")
	rulerOf = regexp.MustCompile(`^\|(-+\|)+$`)
)

// readCookbook gives the site that the page supposes, and its recipes.
func readCookbook(t *testing.T) (site string, all []recipe) {
	t.Helper()
	text, err := os.ReadFile(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	heads := chapter.FindAllStringSubmatchIndex(string(text), -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		r := readRecipe(string(text[h[2]:h[3]]), string(text[h[1]:end]))
		switch {
		case len(r.files) == 0:
		case site == "":
			site = r.files["postel.toml"]
		case len(r.cases) == 0:
			t.Errorf("%s: it does not say what happens", r.title)
		default:
			all = append(all, r)
		}
	}
	return site, all
}

func readRecipe(title, text string) recipe {
	r := recipe{title: title, files: map[string]string{}}
	for _, m := range listing.FindAllStringSubmatch(text, -1) {
		r.files[m[1]] += m[2]
	}
	var heads []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		switch {
		case !strings.HasPrefix(line, "|"):
			heads = nil
		case rulerOf.MatchString(line):
		case heads == nil:
			for _, c := range cells {
				heads = append(heads, strings.TrimSpace(c))
			}
		default:
			h := happening{}
			for i, c := range cells {
				h[heads[i]] = strings.ReplaceAll(strings.TrimSpace(c), "`", "")
			}
			r.cases = append(r.cases, h)
		}
	}
	return r
}
