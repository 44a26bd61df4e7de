package httpgw

import (
	"slices"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// reading is what an answer says.
type reading struct {
	provider.Outcome
	id    string // the provider's name for the text
	code  string // its own code
	words string // in its own words, for the log
}

// severity says which of several outcomes counts.
var severity = map[provider.OutcomeKind]int{
	provider.Accepted: 0, provider.Temporary: 1, provider.Throttled: 2, provider.Credit: 3,
	provider.Credentials: 4, provider.Permanent: 5, provider.Uncertain: 6,
}

// read says what the answer means. What cannot be understood, though it may be
// good news, is uncertain.
func read(a *provider.Answer, x exchange, msgid string) reading {
	doc := &provider.Document{Header: x.header, Body: x.body}
	r := reading{words: first(doc, a.Words)}
	var codes []string
	if x.whole {
		codes = find(doc, a.Code)
	}
	r.Outcome = outcome(a, x, codes, &r)
	if r.Kind != provider.Accepted {
		return r
	}
	switch {
	case a.ID.IsMsgID():
		r.id = msgid
	case !a.ID.IsZero():
		r.id = doc.First(a.ID)
	}
	if !x.whole || r.id == "" && !a.ID.IsZero() && !a.IDOptional {
		r.Outcome = provider.NewOutcome(provider.Uncertain)
	}
	return r
}

// outcome finds the first that has something to say.
func outcome(a *provider.Answer, x exchange, codes []string, r *reading) provider.Outcome {
	if x.whole {
		for _, m := range a.Match {
			if m.Concerns(x.status) && m.Text.Match(x.body) {
				return m.Outcome
			}
		}
	}
	if o, ok := byCodes(a, codes, r); ok {
		return o
	}
	if o, ok := a.ByStatus(x.status); ok {
		return o
	}
	return provider.CommonStatus(x.status)
}

// byCodes is what the provider's own codes say: the worst, and that nobody knows
// if some parts were accepted and others were not.
func byCodes(a *provider.Answer, codes []string, r *reading) (worst provider.Outcome, known bool) {
	accepted, refused := false, false
	for _, code := range codes {
		o, ok := a.Codes[code]
		if !ok {
			o, ok = a.Codes["*"]
		}
		if r.code == "" {
			r.code = code
		}
		if !ok {
			continue
		}
		if o.Kind == provider.Accepted {
			accepted = true
		} else {
			refused = true
		}
		if !known || severity[o.Kind] > severity[worst.Kind] {
			worst, known, r.code = o, true, code
		}
	}
	if accepted && refused {
		worst = provider.Outcome{
			Kind: provider.Uncertain, Code: "4.4.2", Text: "the provider took some parts of the text and not all",
		}
	}
	return worst, known
}

// find gives the values at the first place that has any.
func find(d *provider.Document, ws []provider.Where) []string {
	for _, w := range ws {
		if vs := slices.DeleteFunc(slices.Clone(d.Find(w)), func(s string) bool { return s == "" }); len(vs) > 0 {
			return vs
		}
	}
	return nil
}

func first(d *provider.Document, ws []provider.Where) string {
	if vs := find(d, ws); len(vs) > 0 {
		return vs[0]
	}
	return ""
}
