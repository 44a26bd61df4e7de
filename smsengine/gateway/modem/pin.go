package modem

import (
	"context"
	"errors"
	"fmt"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// A wrong PIN three times, and the SIM card wants its PUK; a wrong PUK ten times,
// and it is dead. A service that starts often must therefore never try a wrong PIN
// twice. A PIN is sent only to a card that asks for exactly that, "tried" is on
// the disk before it leaves, and only its success is a reason to send it again.

// verdict says whether a PIN may be sent.
type verdict uint8

const (
	mayTry       verdict = iota
	isWrong              // it was tried, and it is known or now clear that it is wrong
	isUnclear            // it was tried, and nobody knows what came of it
	isLastChance         // one more wrong one, and the card is blocked
)

// judge decides from what is known of a PIN on a card, and from how many tries
// the card has left (-1: it does not tell).
func judge(t trial, known bool, left int) verdict {
	switch {
	case known && t.Outcome == wrongPIN:
		return isWrong
	case known && t.Outcome == triedPIN && left < 0:
		return isUnclear
	case known && t.Outcome == triedPIN && t.Left < 0 && left < allTries:
		return isUnclear
	case known && t.Outcome == triedPIN && left < t.Left:
		return isWrong // it has cost a try
	case left >= 0 && left <= 1:
		return isLastChance
	}
	return mayTry
}

// allTries is how often a card lets one try its PIN (3GPP TS 31.101 §9.5.1).
const allTries = 3

// maxUnheard is how often in a session a PIN may be sent that the card does not get.
const maxUnheard = 3

// enter sends the PIN to a card that asks for it, if it may be sent. The error is
// a modem that is no longer there; everything else is in the alarm "pin".
func (g *Gateway) enter(ctx context.Context, l *line, u *unlocking) error {
	if g.config.PIN == "" {
		g.refusePIN("none is configured: set pin")
		return nil
	}
	left, err := g.askTries(ctx, l)
	if err != nil {
		return err
	}
	if why := g.objection(u, left); why != "" {
		g.refusePIN(why)
		return nil
	}
	if err := g.pins.note(u.card, g.id, g.config.PIN, triedPIN, left); err != nil {
		g.refusePIN("it cannot be noted that it was tried: " + err.Error())
		return nil
	}
	u.sent++
	return g.sendPIN(ctx, l, u)
}

// objection says why the PIN is not sent; empty: it may be.
func (g *Gateway) objection(u *unlocking, left int) string {
	t, known, err := g.pins.find(u.card, g.config.PIN)
	if err != nil {
		return "what was tried before cannot be read: " + err.Error()
	}
	v := judge(t, known, left)
	switch {
	case v == isWrong:
		if t.Outcome != wrongPIN {
			g.notePIN(u.card, wrongPIN)
		}
		if u.card.ICCID == "" || t.ICCID == "" { // it may have been another card
			return wrongWords + triesWords(left) + fmt.Sprintf("; if this is another card, %q has it tried", "postel modem forget-pin "+g.id)
		}
		return wrongWords + triesWords(left)
	case v == isUnclear, v == mayTry && u.sent >= maxUnheard:
		return fmt.Sprintf("the configured one was tried before, and whether it was right is not known; if you know that it is, %q has it tried again%s",
			"postel modem forget-pin "+g.id, triesWords(left))
	case v == isLastChance:
		return "it has only one try left, which is not risked: enter the PIN with a phone, which gives back all tries"
	}
	return ""
}

const wrongWords = "the configured one was wrong and is not tried again: set pin to the right one"

// sendPIN sends it. What is not clear from the answer will be from the card's
// next state.
func (g *Gateway) sendPIN(ctx context.Context, l *line, u *unlocking) error {
	_, err := l.Do(ctx, fmt.Sprintf("AT+CPIN=%q", string(g.config.PIN)))
	r, refused := errors.AsType[*at.ResultError](err)
	switch {
	case err == nil:
		u.taken = true
	case refused && r.Kind == at.CME && (r.Code == 16 || r.Code == 12):
		g.notePIN(u.card, wrongPIN)
		g.refusePIN(wrongWords)
	case refused:
		g.log.Warn("modem did not take the PIN", "err", err)
	case ctx.Err() != nil || l.Err() != nil:
		return err
	default: // no answer
		if err := l.Wake(ctx, wakeTries); err != nil {
			return err
		}
	}
	return l.Rest(ctx, g.o.Rests.AfterPIN)
}

// openedCard notes that the card is open, after a PIN whose outcome was not known.
func (g *Gateway) openedCard(ctx context.Context, l *line, u *unlocking) error {
	if g.config.PIN == "" {
		return nil
	}
	if u.card == (card{}) {
		c, err := g.readCard(ctx, l)
		if err != nil {
			return err
		}
		u.card = c
	}
	t, known, err := g.pins.find(u.card, g.config.PIN)
	if err != nil || !known || t.Outcome != triedPIN {
		return nil //nolint:nilerr // it will be told when a PIN is asked for
	}
	if !u.taken { // somebody may have switched the lock off meanwhile
		a, ok, err := l.ask(ctx, `AT+CLCK="SC",2`)
		if on, bad := at.ParseLock(a); err != nil || ok && bad == nil && !on {
			return err
		}
	}
	g.notePIN(u.card, rightPIN)
	return nil
}

func (g *Gateway) notePIN(c card, o outcome) {
	if err := g.pins.note(c, g.id, g.config.PIN, o, -1); err != nil { // then it stays "tried", which is safe
		g.log.Error("cannot note what came of the PIN", "err", err)
	}
}

func (g *Gateway) refusePIN(why string) {
	g.state.raise("pin", "the SIM card asks for its PIN: "+why)
	g.state.learn(func(f *facts) { f.phase = "the SIM card asks for its PIN" })
}

func triesWords(left int) string {
	if left < 0 {
		return ""
	}
	return fmt.Sprintf(" (tries left: %d)", left)
}

// askTries asks how many tries are left for the PIN; -1 if the modem does not
// tell.
func (g *Gateway) askTries(ctx context.Context, l *line) (left int, err error) {
	left = -1
	for _, command := range at.TriesCommands {
		a, ok, err := l.ask(ctx, command)
		if err != nil {
			return -1, err
		}
		if !ok {
			continue
		}
		if all, bad := at.ParseTries(a); bad == nil {
			if n, told := all[at.SIMPIN]; told {
				left = n
				break
			}
		}
	}
	g.state.learn(func(f *facts) { f.tries = left })
	return left, nil
}
