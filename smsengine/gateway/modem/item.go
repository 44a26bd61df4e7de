package modem

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// item is what the modem has heard: a text, a receipt, or nothing for anybody.
type item struct {
	text    *smsengine.IncomingPart
	toa     byte // the type of its sender's address (3GPP TS 23.040 §9.1.2.5)
	report  *smsengine.ReceiptReport
	nothing string // why nobody gets it
	ours    bool   // it is one that we sent or wrote
	flawed  bool   // something in it is not as it should be
	cut     bool   // its end seems to have got lost on the way from the modem
	name    fingerprint
}

// fingerprint tells a text from others, wherever it lies and however often it
// comes: sender, time and content make it. The zero value is none, of a text whose
// time stamp is none: it cannot be told from another with the same words.
type fingerprint [sha256.Size]byte

// readItem reads a PDU as a modem gives it. length is what the modem said before
// it, or -1.
func readItem(pdu string, length int) (item, error) {
	l, err := tpdu.ParseLine(pdu, length, tpdu.MobileTerminated)
	if err != nil {
		draft, isNot := tpdu.ParseLine(pdu, length, tpdu.MobileOriginated)
		if _, ok := draft.TPDU.(*tpdu.Submit); ok && isNot == nil && len(draft.Flaws) == 0 {
			return item{ours: true}, nil
		}
		return item{}, err
	}
	var it item
	switch t := l.TPDU.(type) {
	case *tpdu.Deliver:
		it = delivered(t)
	case *tpdu.StatusReport:
		it = reported(t)
	default:
		it = item{ours: true}
	}
	fields := make([]string, len(l.Flaws))
	for i, f := range l.Flaws {
		fields[i] = f.Field
	}
	it.flawed = len(fields) > 0
	it.cut = slices.Contains(fields, "PDU") && (slices.Contains(fields, "TP-UD") || slices.Contains(fields, "TP-UDL"))
	return it, nil
}

// delivered is a text from a phone. What is for machines is data; what is for the
// SIM card or nobody is dropped, and so is the news of a mailbox that nobody
// need keep.
func delivered(t *tpdu.Deliver) item {
	at, err := t.Sent.Time()
	it := item{}
	if err == nil {
		it.name = named("text", t.From, t.Sent, t.PID, t.DCS, t.UDH, t.Data)
	}
	words, notText := t.Text()
	switch t.Purpose() {
	case tpdu.ForNothing:
		it.nothing = "a text of type 0"
	case tpdu.ForSIM:
		it.nothing = "data for the SIM card"
	case tpdu.ForMailbox:
		if w, _ := t.Waiting(); !w.Store || words == "" {
			it.nothing = "news of a mailbox"
		}
	}
	if it.nothing != "" {
		return it
	}
	p := smsengine.IncomingPart{From: senderOf(t.From), Sent: at, Seq: 1, Total: 1, Text: words}
	if notText != nil {
		p.Data, p.UDH = t.Data, t.OwnHeader()
	}
	if c, ok := t.Concat(); ok {
		p.Ref, p.Seq, p.Total = int(c.Ref), c.Seq, c.Total
	}
	it.text, it.toa = &p, t.From.TOA
	return it
}

// Types of number in a TOA.
const (
	unknownNumber  = 0
	nationalNumber = 2
)

// shortestAtHome is how many digits a number has at least that is dialled at home:
// shorter ones are short codes.
const shortestAtHome = 6

// completed gives a sender the country code that a network left out, by the rules of
// the region: links know phones by it. Short codes and names stay as they are.
func completed(a smsengine.Address, toa byte, region string) smsengine.Address {
	kind := toa >> 4 & 7
	if region == "" || len(a.Value) < shortestAtHome ||
		kind != nationalNumber && (kind != unknownNumber || !strings.HasPrefix(a.Value, "0")) {
		return a
	}
	if n, err := phone.ParseNumber(a.Value, region); err == nil {
		return smsengine.Phone(n)
	}
	return a
}

// nobody is the sender of a text that names none.
const nobody = "unknown"

// senderOf is a number, a short code or a name, in which nothing is left that could
// not stand in a line.
func senderOf(a tpdu.Address) smsengine.Address {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, a.String()))
	if name == "" {
		name = nobody
	}
	return smsengine.Phone(name)
}

// reported is a receipt. It counts when it came: service centres have clocks of
// their own, and hours of their own.
func reported(t *tpdu.StatusReport) item {
	it := item{name: named("report", t.Ref, t.To, t.Sent, t.Done, t.Status)}
	if t.OfCommand {
		it.nothing = "a receipt for no text"
		return it
	}
	cause := t.Cause()
	r := smsengine.ReceiptReport{Reference: strconv.Itoa(int(t.Ref)), Status: statusOf(cause)}
	if t.To.Value != "" {
		r.Number = smsengine.Phone(t.To.String())
	}
	switch {
	case cause.Trying:
	case r.Status.Class == smsengine.OK:
		r.Final = smsengine.PartDelivered
	default: // the network has given up: nothing is temporary any more
		r.Final, r.Status.Class = smsengine.PartFailed, smsengine.Permanent
		r.Status.Code = "5" + strings.TrimLeft(r.Status.Code, "45")
	}
	it.report = &r
	return it
}

func named(parts ...any) fingerprint {
	return sha256.Sum256(fmt.Appendf(nil, "%q", parts))
}
