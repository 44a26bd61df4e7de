package sim

import (
	"container/list"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// Text is a text on a phone.
type Text struct {
	From  string
	Text  string // joined from its parts
	Data  []byte // what a binary message carries, joined
	Flash bool   // 3GPP TS 23.038 class 0: shown at once
	At    time.Time
	Parts []Part // as they came, those that came again too
}

// Part is one SMS as it came to a phone.
type Part struct {
	Text      string
	Data, UDH []byte
	Reference string // what our gateway was told
	Receipt   Receipt
}

// Receipt is where the report on a part stands.
type Receipt string

// The states of a report.
const (
	ReceiptNone     Receipt = ""         // the network does not report on it
	ReceiptWaiting  Receipt = "waiting"  // it will be, or was, offered
	ReceiptReported Receipt = "reported" // it was taken
)

// Inbox is what a phone has, as far as the network remembers.
type Inbox struct {
	Texts []Text // oldest first
	Total int    // texts that ever came
}

// phone is a telephone in the network. The Network's lock guards it.
type phone struct {
	number  string
	texts   []*text
	total   int
	open    []*set        // long texts, oldest first, whole ones for a while too
	changed chan struct{} // closed when the next text is whole; nil: nobody waits
	place   *list.Element // in the order of use
}

type text struct {
	Text
	parts []*Part // Text.Parts, while receipts may still change them
}

// set is a long text whose parts are coming in.
type set struct {
	from    string
	concat  sms.Concat          // of its first part
	message smsengine.MessageID // tells a part that came again from one of another text
	parts   []*Part             // by place
	all     []*Part             // as they came
	whole   *text
}

// openSets is how many long texts a phone puts together at a time.
const openSets = 16

// arrival is a part on its way to a phone.
type arrival struct {
	from    string
	message smsengine.MessageID
	flash   bool
	part    *Part
	at      time.Time
}

// take puts a part where it belongs and gives the text that it completes, if it
// does.
func (p *phone) take(a arrival) *text {
	c, long, _ := sms.ParseUDH(a.part.UDH) // a phone shows what it cannot join as it is
	if !long {
		return newText(a, []*Part{a.part}, []*Part{a.part})
	}
	s := p.set(a, c)
	s.all = append(s.all, a.part)
	if s.whole != nil {
		s.whole.parts = s.all
		return nil
	}
	s.parts[c.Seq-1] = a.part
	if slices.Contains(s.parts, nil) {
		return nil
	}
	s.whole = newText(a, s.parts, s.all)
	return s.whole
}

// set finds or makes the set that a part belongs to.
func (p *phone) set(a arrival, c sms.Concat) *set {
	for _, s := range slices.Backward(p.open) {
		same := s.from == a.from && s.concat.Ref == c.Ref && s.concat.Ref16 == c.Ref16 && s.concat.Total == c.Total
		if same && (s.whole == nil || s.message == a.message) {
			return s
		}
	}
	if len(p.open) == openSets {
		p.open = slices.Delete(p.open, 0, 1)
	}
	s := &set{from: a.from, concat: c, message: a.message, parts: make([]*Part, c.Total)}
	p.open = append(p.open, s)
	return s
}

func newText(a arrival, inOrder, asCame []*Part) *text {
	t := &text{Text: Text{From: a.from, Flash: a.flash, At: a.at}, parts: asCame}
	for _, p := range inOrder {
		t.Text.Text += p.Text
		t.Data = append(t.Data, p.Data...)
	}
	return t
}

// inbox copies what the phone has.
func (p *phone) inbox() Inbox {
	in := Inbox{Texts: make([]Text, len(p.texts)), Total: p.total}
	for i, t := range p.texts {
		in.Texts[i] = t.Text
		in.Texts[i].Parts = make([]Part, len(t.parts))
		for j, part := range t.parts {
			in.Texts[i].Parts[j] = *part
		}
	}
	return in
}
