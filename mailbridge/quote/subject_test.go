package quote

import "testing"

func TestSubjectPrefixes(t *testing.T) {
	for _, c := range []struct {
		subject           string
		answers, forwards bool
	}{
		{"Re: Lunch", true, false}, {"RE : Lunch", true, false}, {"Re[2]: Lunch", true, false}, {"re(3): x", true, false}, {"Re^2: x", true, false},
		{"AW: x", true, false}, {"Antw: x", true, false}, {"SV: x", true, false}, {"RIF: x", true, false}, {"R: x", true, false}, {"RES: x", true, false},
		{"Odp: x", true, false}, {"Ответ: x", true, false}, {"Vá: x", true, false}, {"YNT: x", true, false}, {"回复：x", true, false}, {"返信: x", true, false},
		{"[club] Re: x", true, false}, {"[club]AW: x", true, false}, {"Re: Fwd: x", true, false}, {"AW: WG: x", true, false},
		{"Fwd: x", false, true}, {"FW: x", false, true}, {"WG: x", false, true}, {"TR : x", false, true}, {"RV: x", false, true}, {"I: x", false, true},
		{"ENC: x", false, true}, {"PD: x", false, true}, {"VB: x", false, true}, {"Doorst: x", false, true}, {"İLT: x", false, true}, {"轉寄: x", false, true},
		{"Fwd: Re: x", false, true}, {"[club] Fwd: x", false, true},
		{"Lunch", false, false}, {"", false, false}, {"Report: x", false, false}, {"Recipe: x", false, false}, {"Alert: RE: x", false, false}, {"10:30", false, false}, {": x", false, false},
	} {
		if answers, forwards := Answers(c.subject), Forwards(c.subject); answers != c.answers || forwards != c.forwards {
			t.Errorf("%q: answers %v, forwards %v", c.subject, answers, forwards)
		}
	}
}
