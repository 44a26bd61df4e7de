package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// beginHeard makes the modem ready, and meanwhile collects what it says by itself.
func (g *Gateway) beginHeard(ctx context.Context, l *line) (early []at.Unsolicited, err error) {
	early = withoutBoot(l)
	ctx, end := context.WithCancel(ctx)
	heard := make(chan []at.Unsolicited)
	go func() { heard <- g.collect(ctx, l) }()
	err = g.begin(ctx, l)
	end()
	return append(early, <-heard...), err
}

// beginning is what is told of it meanwhile.
const beginning = "the modem is made ready"

// begin makes the modem ready: everything that a restart or a closed port may
// have undone, in the order that modems want.
func (g *Gateway) begin(ctx context.Context, l *line) error {
	for _, step := range []func(context.Context, *line) error{
		g.agree, g.identify, g.unlock, g.identifyCard, g.register, g.chooseMessages, g.chooseMemories, g.chooseIndications,
		g.chooseCentre, g.ownCommands, g.lookAround,
	} {
		if err := step(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// agree sets how both sides speak, and has the radio on.
func (g *Gateway) agree(ctx context.Context, l *line) error {
	for _, command := range []string{"ATE0", "ATV1", "AT+CMEE=1"} {
		if _, _, err := l.ask(ctx, command); err != nil {
			return err
		}
	}
	a, ok, err := l.ask(ctx, "AT+CFUN?")
	if err != nil || !ok {
		return err
	}
	if n, err := at.ParseNumber(a, "+CFUN"); err == nil && n != 1 {
		_, _, err = l.ask(ctx, "AT+CFUN=1")
		return err
	}
	return nil
}

// identify asks who made the modem. It need not tell.
func (g *Gateway) identify(ctx context.Context, l *line) error {
	for _, one := range []struct {
		command string
		to      func(*facts, string)
	}{
		{"AT+CGMI", func(f *facts, words string) { f.maker = words }},
		{"AT+CGMM", func(f *facts, words string) { f.model = words }},
		{"AT+CGMR", func(f *facts, words string) { f.firmware = strings.TrimPrefix(words, "Revision:") }},
	} {
		a, ok, err := l.ask(ctx, one.command)
		if err != nil {
			return err
		}
		if ok {
			g.state.learn(func(f *facts) { one.to(f, at.ParseIdentity(a)) })
		}
	}
	a, _, err := l.ask(ctx, "AT+CGSN")
	if imei, bad := at.ParseIMEI(a); bad == nil {
		g.state.learn(func(f *facts) { f.imei = imei })
	}
	if err == nil && g.huawei() {
		_, _, err = l.ask(ctx, "AT^CURC=0") // its chatter
	}
	if err == nil {
		g.state.clear("silent")
	}
	return err
}

func (g *Gateway) huawei() bool { return strings.EqualFold(g.state.know().maker, "huawei") }

// chooseMessages has texts in PDU mode, and acknowledged if they come directly.
func (g *Gateway) chooseMessages(ctx context.Context, l *line) error {
	if err := l.insist(ctx, "AT+CMGF=0"); err != nil {
		return err
	}
	_, confirms, err := l.ask(ctx, "AT+CSMS=1")
	if err != nil {
		return err
	}
	_, keepsLink, err := l.ask(ctx, "AT+CMMS=?")
	l.confirms, l.keepsLink = confirms, keepsLink
	return err
}

// chooseCentre puts the service centre's number on the SIM card, if it has another.
func (g *Gateway) chooseCentre(ctx context.Context, l *line) error {
	wanted := g.config.ServiceCentre
	if wanted == "" {
		return nil
	}
	a, _, err := l.ask(ctx, "AT+CSCA?")
	if err != nil {
		return err
	}
	if is, bad := at.ParseServiceCentre(a); bad == nil && is == wanted {
		return nil
	}
	kind := 129 // 3GPP TS 24.011 §8.2.5.2
	if strings.HasPrefix(wanted, "+") {
		kind = 145
	}
	return l.insist(ctx, fmt.Sprintf(`AT+CSCA="%s",%d`, wanted, kind))
}

// ownCommands gives the modem the commands of the configuration.
func (g *Gateway) ownCommands(ctx context.Context, l *line) error {
	for _, command := range g.config.Init {
		if err := l.insist(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// ask gives a command that the modem may refuse. The error is a modem that is no
// longer there: one that does not answer to the command alone has refused it.
func (l *line) ask(ctx context.Context, command string) (a at.Answer, ok bool, err error) {
	a, err = l.patiently(ctx, command)
	switch {
	case err == nil:
		return a, true, nil
	case isResult(err):
		return a, false, nil
	case ctx.Err() != nil || l.Err() != nil:
		return a, false, err
	}
	return a, false, l.Wake(ctx, wakeTries)
}

// insist gives a command that the modem must not refuse.
func (l *line) insist(ctx context.Context, command string) error {
	_, err := l.patiently(ctx, command)
	return err
}

// busyTries is how often a modem is asked that is busy with its SIM card.
const busyTries = 30

// patiently gives a command and waits while the modem is busy.
func (l *line) patiently(ctx context.Context, command string) (at.Answer, error) {
	for i := 1; ; i++ {
		a, err := l.Do(ctx, command)
		if !isBusy(err) || i >= busyTries {
			return a, err
		}
		if err := pause(ctx, l.rest); err != nil {
			return a, err
		}
	}
}

func isResult(err error) bool {
	_, ok := errors.AsType[*at.ResultError](err)
	return ok
}

// isBusy reports whether a modem still reads its SIM card. Siemens and Wavecom
// have numbers of their own for that.
func isBusy(err error) bool {
	r, ok := errors.AsType[*at.ResultError](err)
	if !ok {
		return false
	}
	switch r.Kind {
	case at.CME:
		return r.Code == 14 || r.Code == 258 || r.Code == 515
	case at.CMS:
		return r.Code == 314 || r.Code == 515
	}
	return false
}

// pause lets time pass, if d is positive.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
