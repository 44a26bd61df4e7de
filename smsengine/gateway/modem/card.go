package modem

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// unlocking is the way to a SIM card that can be used.
type unlocking struct {
	card  card
	sent  int  // PINs, in this session
	taken bool // the modem said OK to one
	looks int  // since then
}

// unlock waits until the SIM card can be used: until there is one, until it has
// been read, and, once its PIN was sent, until that was taken. Where a person is
// wanted there is an alarm, and the card is looked at again and again.
func (g *Gateway) unlock(ctx context.Context, l *line) error {
	u := &unlocking{}
	for wait := g.o.Rests.AfterClose; ; wait = min(2*wait, g.o.Rests.Most) {
		a, err := l.Do(ctx, "AT+CPIN?")
		if err != nil && !isResult(err) {
			if ctx.Err() != nil || l.Err() != nil {
				return err
			}
			if err := l.Wake(ctx, wakeTries); err != nil {
				return err
			}
			continue
		}
		state, bad := at.ParsePIN(a)
		if err != nil {
			state, bad = "", err
		}
		g.state.learn(func(f *facts) { f.card = state })
		switch {
		case bad == nil && state.Open():
			g.state.clear("sim", "pin", "puk")
			g.state.learn(func(f *facts) { f.phase = beginning })
			return g.openedCard(ctx, l, u)
		case isBusy(bad):
			g.state.learn(func(f *facts) { f.phase = "the modem reads the SIM card" })
			wait = g.o.Rests.AfterClose
		case state == at.SIMPIN:
			g.state.clear("sim", "puk")
			if err := g.askedPIN(ctx, l, u); err != nil {
				return err
			}
		default:
			g.lockedCard(state, bad)
		}
		select {
		case <-time.After(wait):
		case <-l.looks:
			wait = g.o.Rests.AfterClose
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// slowCard is how often a card may still ask for its PIN after the modem has said
// OK to it.
const slowCard = 5

// askedPIN deals with a card that asks for its PIN.
func (g *Gateway) askedPIN(ctx context.Context, l *line, u *unlocking) error {
	if u.taken {
		if u.looks++; u.looks <= slowCard {
			return nil
		}
		g.notePIN(u.card, wrongPIN)
		u.taken = false
	}
	if u.card == (card{}) {
		c, err := g.readCard(ctx, l)
		if err != nil {
			return err
		}
		u.card = c
	}
	return g.enter(ctx, l, u)
}

// lockedCard tells people of a card that the modem cannot use.
func (g *Gateway) lockedCard(state at.PIN, bad error) {
	r, _ := errors.AsType[*at.ResultError](bad)
	name, phase, text := "sim", "the SIM card cannot be used", ""
	switch {
	case state == at.SIMPUK || r != nil && r.Kind == at.CME && r.Code == 12:
		name, phase = "puk", "the SIM card is blocked"
		text = "the SIM card is blocked after wrong PINs and asks for its PUK, which Postel never enters: put the card into a phone, enter the PUK that its provider gave you, and set pin to the new PIN"
	case r != nil && r.Kind == at.CME && r.Code == 10:
		phase = "there is no SIM card"
		text = "there is no SIM card in the modem, or it does not lie well: put it in; if the modem does not notice, unplug it for a moment"
	case r != nil && r.Kind == at.CME && (r.Code == 13 || r.Code == 15):
		text = "the SIM card is damaged or not for this modem (" + r.Result + "): try it in a phone, clean its contacts"
	case bad == nil:
		text = "the modem wants a code that is not the SIM card's PIN (" + strings.ToLower(string(state)) + "): it is locked to a provider or a card; ask who sold it"
	default:
		text = "the modem does not say how its SIM card is (" + bad.Error() + "): see that a card is in it"
	}
	for _, other := range []string{"sim", "pin", "puk"} {
		if other != name {
			g.state.clear(other)
		}
	}
	g.state.raise(name, text)
	g.state.learn(func(f *facts) { f.phase = phase })
}

// cardCommands ask for the number of the SIM card: modems have one of these. The
// last one reads it from the card itself (3GPP TS 31.102 §4.2.1, EF ICCID).
var cardCommands = []string{"AT+CCID", "AT+ICCID", "AT+QCCID", "AT^SCID", "AT^ICCID?", "AT+CRSM=176,12258,0,0,10"}

// readCard tells which card it is. Most can be asked without their PIN.
func (g *Gateway) readCard(ctx context.Context, l *line) (card, error) {
	c := card{IMEI: g.state.know().imei, Gateway: g.id}
	if c.IMEI == "" {
		c.IMEI = "port " + g.config.Device
	}
	for _, command := range cardCommands {
		a, ok, err := l.ask(ctx, command)
		if err != nil {
			return card{}, err
		}
		if iccid, bad := at.ParseICCID(a); ok && bad == nil {
			c.ICCID = iccid
			break
		}
	}
	g.state.learn(func(f *facts) { f.iccid = c.ICCID })
	return c, nil
}

// identifyCard notes the number of a card that is open.
func (g *Gateway) identifyCard(ctx context.Context, l *line) error {
	_, err := g.readCard(ctx, l)
	return err
}
