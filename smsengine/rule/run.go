package rule

import (
	"strconv"
	"strings"
	"time"
)

// run is one decision under way: what is known of the message, as the rules have
// left it so far.
type run struct {
	set         *Set
	facts       Facts
	value       [texts]string // of the fields that have one text
	folded      [texts]string // as conditions compare it
	isFold      Fields        // which of folded are made
	unknown     Fields
	routed      bool
	forwarded   bool // the message itself has been
	tags        []string
	headers     []Header // as rules have left them
	parts       int      // 0: not measured
	timed       bool     // minute of the day and day of the week are known
	minute, day int64
	purse       purse
	env         *environment // of expressions, nil: not made
	preview     bool
	moved       bool     // a field has changed since the index was asked
	troubles    []string // of the rule under way

	decision Decision
}

func (r *run) begin(s *Set, f Facts) {
	*r = run{set: s, facts: f, unknown: f.Unknown, preview: f.Unknown != 0, tags: f.Tags, headers: f.Headers, routed: f.Routed}
	v := &r.value
	v[From], v[To], v[Sender], v[Account], v[User], v[Domain] = f.From, f.To, f.Sender, f.Account, f.User, f.Domain
	v[Subject], v[Gateway], v[Door], v[Text] = f.Subject, f.Gateway, f.Door, f.Text
	if s.direction == Outgoing {
		r.routed = f.Gateway != ""
	}
}

// setText changes a field that has one text.
func (r *run) setText(f Field, value string) {
	r.value[f] = value
	r.moved = true
	r.isFold &^= 1 << f
	r.env = nil
	switch f {
	case To, Gateway:
		r.isFold &^= 1 << Address
	case Text:
		r.isFold &^= 1 << Alphabet
		r.parts = 0
	}
}

// text is the value of a field that has one text.
func (r *run) text(f Field) string {
	switch f {
	case Address:
		if g := r.value[Gateway]; g != "" {
			return r.value[To] + "@" + g
		}
		return r.value[To]
	case Alphabet:
		r.measure()
	}
	return r.value[f]
}

// fold is the value of such a field in the form in which it is compared.
func (r *run) fold(f Field) string {
	if !r.isFold.Has(f) {
		r.folded[f] = foldAs(fields[f].form, r.text(f))
		r.isFold |= 1 << f
	}
	return r.folded[f]
}

// foldAs makes equal what means the same.
func foldAs(f form, s string) string {
	if f == number {
		return plainNumber(s)
	}
	return strings.ToLower(s)
}

// plainNumber drops what people put between the digits of a number, and makes "+"
// of its "00". What is no number it folds as words.
func plainNumber(s string) string {
	plain := s != ""
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			if !(c == '+' && i == 0) {
				plain = false
			}
			if !strings.ContainsRune("+ .-()/", rune(c)) {
				return strings.ToLower(s)
			}
		}
	}
	if !plain {
		s = strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' || c == '+' {
				return c
			}
			return -1
		}, s)
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok && rest != "" {
		return "+" + rest
	}
	return s
}

// measure counts the parts of the text as it now is.
func (r *run) measure() int {
	if r.parts == 0 {
		r.parts = 1
		if r.facts.Measure != nil {
			r.parts, r.value[Alphabet] = r.facts.Measure(r.value[Text])
			r.parts = max(r.parts, 1)
		}
	}
	return r.parts
}

// all are the values of a field that conditions compare; one "" for none.
func (r *run) all(f Field, header string) []string {
	var vs []string
	switch f {
	case Tag:
		vs = r.tags
	case HeaderOf:
		for _, h := range r.headers {
			if strings.EqualFold(h.Name, header) {
				vs = append(vs, h.Value)
			}
		}
	default:
		return []string{r.text(f)}
	}
	if len(vs) == 0 {
		return []string{""}
	}
	return vs
}

// amount is the value of a field that is counted: minutes of the day for Hour,
// 0 (Sunday) to 6 for Weekday.
func (r *run) amount(f Field) int64 {
	switch f {
	case Parts:
		return int64(r.measure())
	case Size:
		return r.facts.Size
	}
	if !r.timed {
		hour, minute, _ := r.facts.At.Clock()
		r.timed, r.minute, r.day = true, int64(hour*60+minute), int64(r.facts.At.Weekday())
	}
	if f == Hour {
		return r.minute
	}
	return r.day
}

// is is the value of a field that is true or not.
func (r *run) is(f Field) bool {
	switch f {
	case Binary:
		return r.facts.Binary
	case Reply:
		return r.facts.Reply
	}
	return r.routed
}

// variable is what stands for %%name%%.
func (r *run) variable(name string) string {
	if field, ok := strings.CutPrefix(name, "header."); ok {
		return r.all(HeaderOf, field)[0]
	}
	switch name {
	case "id":
		return r.facts.ID
	case "phonealias":
		return r.facts.PhoneAlias
	case "date":
		return r.facts.At.Format(time.DateOnly)
	case "time":
		return r.facts.At.Format(time.TimeOnly)
	case "tag":
		return strings.Join(r.tags, " ")
	case "parts":
		return strconv.Itoa(r.measure())
	case "size":
		return strconv.FormatInt(r.facts.Size, 10)
	}
	for f := range Field(texts) {
		if fields[f].name == name {
			return r.text(f)
		}
	}
	return ""
}
