package rule

import (
	"fmt"
	"math"
	"time"
)

// Digest has texts to one phone gathered where many come: in each window of time
// the first go as they are, and what comes after them is told in one text when the
// window ends. As an [Effect] it is that text, which is yet to be made.
type Digest struct {
	Rule   string   `json:"rule"`
	After  int      `json:"after"`  // so many go as they are
	Within Duration `json:"within"` // the length of a window
	Parts  int      `json:"parts"`  // that the one text may have
}

// Kind is the effect's name in JSON.
func (e Digest) Kind() string { return "digest" }

// By is the title of the rule that wants it.
func (e Digest) By() string { return e.Rule }

// Bounds of a digest, and the parts that it has if nobody says.
const (
	maxAfter      = 1000
	minWithin     = time.Second
	maxWithin     = 24 * time.Hour
	digestParts   = 2
	maxDigestPart = 10
)

// gather is the action. The last rule that wants it counts.
type gather struct{ Digest }

func (gather) reads() Fields   { return 0 }
func (gather) changes() Fields { return 0 }

func (a gather) do(r *run, rule *Rule) (string, error) {
	d := a.Digest
	d.Rule = rule.Title
	r.decision.Changes.Digest = &d
	return fmt.Sprintf("a digest after %d in %s", d.After, d.Within), nil
}

// digest reads when texts are gathered.
func (r *reader) digest(n *node) {
	const remedy = `write digest = { after = 3, within = "10m" }`
	if r.set.direction == Incoming {
		r.refuse(n, "", "a digest is for texts to phones")
		return
	}
	if n.kind != isTable || n.fields["after"] == nil || n.fields["within"] == nil {
		r.refuse(n, remedy, "a digest needs to know after how many texts, within which time")
		return
	}
	d := Digest{Parts: digestParts}
	for _, key := range n.keys {
		v := n.fields[key]
		switch key {
		case "after":
			d.After = r.whole(v, key, 0, maxAfter)
		case "parts":
			d.Parts = r.whole(v, key, 1, maxDigestPart)
		case "within":
			within, err := time.ParseDuration(v.text)
			if v.kind != isText || err != nil || within < minWithin || within > maxWithin {
				r.refuse(v, "", `want a time in quotes from "1s" to "24h"`)
			}
			d.Within = Duration(within)
		default:
			r.refuse(v, suggest(key, []string{"after", "within", "parts"}), "a digest has no %q", key)
		}
	}
	r.do(gather{d})
}

// whole reads a whole number between bounds.
func (r *reader) whole(n *node, key string, low, high int) int {
	if n.kind != isNumber || n.number != math.Trunc(n.number) || n.number < float64(low) || n.number > float64(high) {
		r.refuse(n, "", "%s: want a whole number from %d to %d, without quotes", key, low, high)
		return low
	}
	return int(n.number)
}
