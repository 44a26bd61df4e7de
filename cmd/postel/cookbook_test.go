package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCookbook cooks each recipe of docs/cookbook.md: a service has its lines for
// its configuration, mail comes in through the door for mail and texts from phones
// of the simulated network, and what happens is what its table says, no more and no
// less.
func TestCookbook(t *testing.T) {
	t.Parallel()
	site, all := readCookbook(t)
	if len(all) < 20 {
		t.Errorf("there are only %d recipes", len(all))
	}
	for _, r := range all {
		t.Run(r.title, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t, site, r.files)
			for _, h := range r.cases {
				k.serve(h)
			}
		})
	}
}

// The text of a digest falls back as the first text in it would have.
func TestDigestFallsBack(t *testing.T) {
	t.Parallel()
	site, _ := readCookbook(t)
	k := newKitchen(t, site, map[string]string{"rules/outgoing.toml": `
[[rule]]
title = "Alerts"
if.from = "alerts@example.org"
then.digest = { after = 1, within = "10m" }
then.fallback = "duty@example.org"
`})
	const gone = "failed; report to alerts@example.org; mail to duty@example.org"
	k.serve(happening{"at": "mon 22:00", "from": "alerts@example.org", "to": "+15555550198", "text": "Disk full", "what happens": gone})
	k.serve(happening{"from": "alerts@example.org", "to": "+15555550198", "text": "Disk still full (3 times)", "what happens": "nothing"})
	k.serve(happening{"at": "mon 22:10", "what happens": gone})
}

// columns are the heads of the table that mean something of their own; any other
// is a field of the mail's header.
var columns = []string{"at", "from", "to", "text", "what happens"}

// manyTimes is a text that is written several times.
var manyTimes = regexp.MustCompile(`^(.*) \(([0-9]+) times\)$`)

// serve lets one line of the table happen.
func (k *kitchen) serve(h happening) {
	k.t.Helper()
	if at := h["at"]; at != "" {
		k.setClock(at)
	}
	refused := ""
	text, times := h["text"], 1
	if m := manyTimes.FindStringSubmatch(text); m != nil {
		text = m[1]
		times, _ = strconv.Atoi(m[2])
	}
	text = wordy(text)
	for i := range times {
		said, to := text, strings.ReplaceAll(h["to"], "x", strconv.Itoa(i))
		if times > 1 {
			said += fmt.Sprintf(" %d", i+1) // the same words again and again are dropped
		}
		var err error
		switch from := h["from"]; {
		case from == "": // time goes by
		case strings.HasPrefix(from, "+"):
			err = k.client.SimSend(k.t.Context(), from, to, said)
		default:
			err = k.mail(from, to, said, h)
		}
		if err != nil {
			refused = err.Error()
		}
		k.settle()
	}
	k.expect(h, text, refused, times > 1)
}

// wordy makes a text of "300 letters".
func wordy(text string) string {
	n, ok := strings.CutSuffix(text, " letters")
	if count, err := strconv.Atoi(n); ok && err == nil {
		return strings.Repeat("spam and eggs, ", count/15+1)[:count-1] + "."
	}
	return text
}

// expect waits until what happened is what the line says.
func (k *kitchen) expect(h happening, text, refused string, many bool) {
	k.t.Helper()
	var want []string
	for _, w := range strings.Split(h["what happens"], "; ") {
		n, rest, ok := strings.Cut(w, " × ")
		count, err := strconv.Atoi(n)
		if !ok || err != nil {
			count, rest = 1, w
		}
		want = append(want, slices.Repeat([]string{rest}, count)...)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		got := k.happened(h["to"], text, many)
		if refused != "" {
			got = append(got, []string{"refused: " + refused})
		}
		missing, surplus := compare(want, got)
		if len(missing)+len(surplus) == 0 {
			k.forget()
			return
		}
		if time.Now().After(deadline) || refused != "" {
			k.t.Fatalf("%s writes %q to %s\n missing %q\n surplus %q", h["from"], h["text"], h["to"], missing, surplus)
		}
		time.Sleep(10 * time.Millisecond)
		k.settle()
	}
}

// compare matches what should happen with what did, of which each may be told in
// several ways.
func compare(want []string, got [][]string) (missing []string, surplus [][]string) {
	got = slices.Clone(got)
	for _, w := range want {
		if w == "nothing" && len(want) == 1 {
			continue
		}
		i := slices.IndexFunc(got, func(ways []string) bool { return slices.Contains(ways, w) })
		if i < 0 {
			missing = append(missing, w)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	return missing, got
}

// witness remembers the requests that it gets.
type witness struct{ heard chan string }

func (w witness) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body := make([]byte, 1000)
	n, _ := r.Body.Read(body)
	w.heard <- strings.TrimSpace(r.Method + " " + r.URL.String() + " " + string(body[:n]))
}
