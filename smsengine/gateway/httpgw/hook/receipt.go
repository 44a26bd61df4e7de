package hook

import (
	"errors"
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/sms"
)

// report reads a receipt. The error says why it is none; errNothing is one that
// says nothing about the text.
func (r *Reader) report(d *provider.Document) (rep smsengine.ReceiptReport, err error) {
	rs := r.provider.Receipts
	for _, w := range rs.References {
		if rep.Reference = d.First(w); rep.Reference != "" {
			break
		}
	}
	state := d.First(rs.State)
	v, known := rs.States[state]
	if !known {
		v, known = rs.States["*"]
	}
	switch {
	case known && v.Kind == provider.Ignored:
		return rep, errNothing
	case rep.Reference == "":
		return rep, errors.New("a receipt that names no text")
	case state == "":
		return rep, errors.New("a receipt without a state")
	case !known:
		return rep, fmt.Errorf("a receipt with the state %q, which the provider file does not know", brief(state, 40))
	}
	rep.Number = r.number(d.First(rs.Number))
	rep.At = readTime(d.First(rs.Time), rs.TimeForms)
	code := d.First(rs.Code)
	switch v.Kind {
	case provider.Delivered:
		has := sms.TPStatus(0) // the phone has it
		rep.Final = smsengine.PartDelivered
		rep.Status = smsengine.Status{Code: has.Code, Text: has.Text}
	case provider.Failed:
		if why, ok := rs.Codes[code]; ok && why.Kind == provider.Failed {
			v = why
		}
		// The provider has given up: whatever the code says, nothing is temporary any more.
		rep.Final = smsengine.PartFailed
		rep.Status = smsengine.Status{Class: smsengine.Permanent, Code: v.Code, Text: v.Text}
	default:
		return rep, nil
	}
	rep.Status.Diagnostic = r.diagnostic(state, code)
	return rep, nil
}

// diagnostic is what the provider itself calls what became of a text.
func (r *Reader) diagnostic(state, code string) string {
	s := r.provider.Name + " " + state
	if code != "" && code != state {
		s += " " + code
	}
	return brief(s, 100)
}

// brief is one line of printable ASCII.
func brief(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), longest)]
}
