package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sentence says in plain English what the rule asks and does: "If the number begins
// with +44, it goes through eu; no rule below is asked." It has no secret that a
// URL may hold.
func (r Rule) Sentence() string {
	var did []string
	for _, a := range r.actions {
		did = append(did, say(a))
	}
	switch r.verdict {
	case Reject:
		did = append(did, fmt.Sprintf("it is refused with the words %q", r.reason.source()))
	case Drop:
		did = append(did, "it is dropped, and nobody is told")
	}
	const ends = "no rule below is asked."
	switch {
	case len(did) == 0:
		return premise(r.when) + ends
	case r.stop && r.verdict == GoOn:
		return premise(r.when) + strings.Join(did, ", and ") + "; " + ends
	}
	s := premise(r.when) + strings.Join(did, ", and ")
	if strings.HasSuffix(s, `."`) {
		return s
	}
	return s + "."
}

// premise begins the sentence: "If A and B, unless C, ".
func premise(when condition) string {
	members := []condition{when}
	if g, ok := when.(*group); ok && g.of == allOf {
		members = g.written
	}
	var must, unless []string
	for _, m := range members {
		switch g, ok := m.(*group); {
		case ok && g.of == noneOf:
			for _, of := range g.written {
				unless = append(unless, clause(of))
			}
		case m == condition(always{}):
		case len(members) == 1 && ok && g.of == anyOf:
			must = append(must, joinedClauses(g.written, "or"))
		default:
			must = append(must, clause(m))
		}
	}
	s := "For every message: "
	if len(must) > 0 {
		s = "If " + strings.Join(must, " and ") + ", "
	}
	if len(unless) > 0 {
		s = strings.TrimRight(s, ":, ") + ", unless " + strings.Join(unless, " or ") + ": "
	}
	return s
}

// clause says a condition within a sentence.
func clause(c condition) string {
	switch c := c.(type) {
	case *compare:
		return c.clause
	case *matches:
		return c.clause
	case *amounts:
		return c.clause
	case *isSo:
		return c.clause
	case *expression:
		return "'" + strings.TrimPrefix(c.said, "expr ") + "' is true"
	case *group:
		switch {
		case c.of == noneOf:
			return "none of this is so (" + joinedClauses(c.written, "or") + ")"
		case len(c.written) == 1:
			return clause(c.written[0])
		case c.of == anyOf:
			return "(" + joinedClauses(c.written, "or") + ")"
		}
		return "(" + joinedClauses(c.written, "and") + ")"
	}
	return c.String()
}

func joinedClauses(cs []condition, word string) string {
	all := make([]string, len(cs))
	for i, c := range cs {
		all[i] = clause(c)
	}
	return strings.Join(all, " "+word+" ")
}

// say tells what an action does.
func say(a action) string {
	switch a := a.(type) {
	case setGateway:
		return sayGateways(a.choices)
	case setSender:
		if w := a.to.source(); w != "%%phonealias%%" {
			return fmt.Sprintf("it shows the caller ID %q", w)
		}
		return "it shows the sender's own number"
	case addTags:
		return "it is tagged " + joined(a.tags, "and")
	case *edit:
		return sayEdit(a)
	case passOn:
		return sayPassOn(a)
	case perform:
		return sayEffect(a.effect)
	case fallBack:
		return sayFallback(a)
	case reply:
		return fmt.Sprintf("the phone is answered %q, at most once in %s", a.text.source(), a.every)
	case gather:
		return fmt.Sprintf("of texts to one phone, those after the first %d in %s are told in one text of at most %d parts", a.After, short(a.Within), a.Parts)
	}
	return "something is done"
}

// sayGateways tells who may take it, and in what order.
func sayGateways(choices []Choice) string {
	if len(choices) == 1 {
		return "it goes through " + choices[0].Name
	}
	choices = slices.Clone(choices)
	priced, weighed := false, false
	for _, c := range choices {
		priced, weighed = priced || c.Cost > 0, weighed || c.Weight > 0
	}
	if priced {
		slices.SortStableFunc(choices, func(a, b Choice) int { return cmp.Compare(a.Cost, b.Cost) })
	}
	said := make([]string, len(choices))
	for i, c := range choices {
		said[i] = c.Name
		switch {
		case priced:
			said[i] += " (" + decimal(c.Cost) + ")"
		case weighed:
			said[i] = decimal(c.Weight) + " for " + c.Name
		}
	}
	switch {
	case priced && weighed:
		return "it goes through the cheapest of " + joined(said, "and") + " that can, the equally cheap ones in turn"
	case priced:
		return "it goes through the cheapest that can, of " + joined(said, "and")
	case weighed:
		return "it goes through the one whose turn it is, by shares of " + joined(said, "and") + ", or another of them if that one cannot"
	}
	return "it goes through " + strings.Join(said, ", or if that cannot through ")
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func sayEdit(e *edit) string {
	what := map[Field]string{To: "the number", From: "the phone's number", Text: "the text", Subject: "the subject", HeaderOf: "the header " + e.header}[e.field]
	with := fmt.Sprintf("%q", e.with.source())
	switch {
	case e.pattern != nil && len(e.with) == 0:
		return "in " + what + " all that matches '" + e.pattern.source + "' is left out"
	case e.pattern != nil:
		return "in " + what + " all that matches '" + e.pattern.source + "' becomes " + with
	case len(e.with) == 0:
		return what + " is taken away"
	}
	return what + " becomes " + with
}

func sayPassOn(a passOn) string {
	to := make([]string, len(a.targets))
	for i, t := range a.targets {
		to[i] = t.String()
	}
	switch a.how {
	case "copy":
		return "a copy goes to " + joined(to, "and")
	case "archive":
		return "a copy for the record goes to " + joined(to, "and")
	}
	return "it goes to " + joined(to, "and") + " in place of where it would go"
}

func sayFallback(a fallBack) string {
	if a.After > 0 {
		return "it goes to " + a.Mail + " if it has not arrived after " + a.After.String()
	}
	return "it goes to " + a.Mail + " if it does not arrive"
}

// sayEffect leaves out whatever may hold a secret: what stands behind a program's
// name and behind "?" of a URL, headers and bodies.
func sayEffect(e Effect) string {
	switch e := e.(type) {
	case Run:
		if e.Shell {
			return "a line of sh is run"
		}
		return "the program " + e.Command[0] + " is run"
	case Call:
		where, _, _ := strings.Cut(e.URL, "?")
		return "a request is made to " + where + " (" + e.Method + ")"
	case SQL:
		return "a statement is executed on the database " + e.Database
	}
	return e.Kind()
}

// short is a duration without what is zero: "10m", not "10m0s".
func short(d Duration) string {
	text, _ := d.MarshalText()
	s := strings.TrimSuffix(string(text), "m0s")
	if s != string(text) {
		s += "m"
	}
	if h := strings.TrimSuffix(s, "h0m"); h != s {
		s = h + "h"
	}
	return s
}
