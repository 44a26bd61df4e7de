package modem

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// Send gives a part to the modem, and returns once the network has taken it.
//
// The parts of a message go back to back, over one radio link where the modem can
// keep it; nothing but what is received comes between them. A text waits for its
// turn and for nothing else: without a modem that is ready it is put off at once.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	submit, err := g.submit(d)
	if err != nil {
		return smsengine.Taking{}, err
	}
	pdu, length, err := tpdu.FormatLine(tpdu.Address{}, submit)
	if err != nil {
		return smsengine.Taking{}, unsuitable("the text cannot be sent as SMS", err)
	}
	if ctx.Err() != nil {
		return smsengine.Taking{}, putOff("there was no time to send the text", ctx.Err())
	}
	l, err := g.usable()
	if err != nil {
		return smsengine.Taking{}, err
	}
	enough := half(ctx)
	first, err := g.outbox.enter(ctx, l, d)
	if err != nil {
		return smsengine.Taking{}, putOff("the modem was busy with other texts", err)
	}
	if time.Now().After(enough) {
		g.outbox.leave(l, d, false)
		return smsengine.Taking{}, putOff("the modem was busy with other texts", nil)
	}
	if first && d.More() {
		l.keepLink(ctx, g.o.AT.Wait)
	}
	a, err := l.Send(ctx, fmt.Sprintf("AT+CMGS=%d", length), pdu)
	g.outbox.leave(l, d, err == nil)
	if err != nil && ctx.Err() != nil && !left(err) { // that is not the modem's fault
		return smsengine.Taking{}, putOff("there was no time to send the text", err)
	}
	g.attempted(l, err)
	if err != nil {
		return g.doubt(l, err)
	}
	return g.taken(l, a), nil
}

// half is when so much of a deadline is over that a send is not begun any more: what
// is cut off in the middle is in doubt.
func half(ctx context.Context) time.Time {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(24 * time.Hour)
	}
	return time.Now().Add(time.Until(end) / 2)
}

// keepLink asks the modem to keep its link to the network for the parts that follow
// (3GPP TS 27.005 §3.5.6). It does so until they stop for some seconds, so it is
// asked for every message. It is no matter if it says no: some say so and do it.
func (l *line) keepLink(ctx context.Context, wait time.Duration) {
	if !l.keepsLink {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience(wait))
	defer cancel()
	_, _ = l.Do(ctx, "AT+CMMS=1")
}

// patience is how long an answer may take that needs no network.
func patience(wait time.Duration) time.Duration {
	if wait <= 0 {
		return 16 * time.Second
	}
	return wait
}

// taken tells what the modem called the part.
func (g *Gateway) taken(l *line, a at.Answer) smsengine.Taking {
	t := smsengine.Taking{Ours: g.number}
	ref, err := at.ParseReference(a)
	if err != nil {
		g.outbox.named(l, -1)
		g.log.Warn("the modem did not tell its reference of a text: no receipt will find it", "err", err)
		return t
	}
	g.outbox.named(l, int(ref))
	t.Reference, t.Receipts = strconv.Itoa(int(ref)), g.config.Receipts
	return t
}

// doubt words the failure of a send. Where the text may have left it guesses the
// reference, for modems count (3GPP TS 23.040 §9.2.3.6): a receipt with that
// reference and the phone's number ends the doubt.
func (g *Gateway) doubt(l *line, err error) (smsengine.Taking, error) {
	next := g.outbox.next(l)
	failure := failureOf(err)
	if failure.Class != smsengine.Uncertain || next < 0 {
		return smsengine.Taking{}, failure
	}
	return smsengine.Taking{Reference: strconv.Itoa(next), Ours: g.number, Receipts: g.config.Receipts}, failure
}

// failureOf gives the class of what package at says of a send. What had not left is
// never uncertain, what may have left is never temporary.
func failureOf(err error) *smsengine.Error {
	sent, ok := errors.AsType[*at.SendError](err)
	if !ok {
		return smsengine.Fail(op, smsengine.Uncertain, "4.4.2", "the modem failed; perhaps the text was sent", err)
	}
	failure := smsengine.Fail(op, 0, "", "", err)
	failure.Status = statusOf(sent.Cause())
	return failure
}

// left reports whether a text may be out.
func left(err error) bool {
	sent, ok := errors.AsType[*at.SendError](err)
	return !ok || sent.Left
}

// statusOf is a cause in the engine's words.
func statusOf(c sms.Cause) smsengine.Status {
	return smsengine.Status{Class: smsengine.Class(c.Class), Code: c.Code, Text: c.Text, Diagnostic: c.Diagnostic}
}

// op is what is being done, for the log.
const op = "modem.Send"

func putOff(text string, cause error) *smsengine.Error {
	return smsengine.Fail(op, smsengine.Temporary, "4.4.5", text, cause)
}

func unsuitable(text string, cause error) *smsengine.Error {
	return smsengine.Fail(op, smsengine.Permanent, "5.6.1", text, cause)
}
