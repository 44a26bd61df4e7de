package modem

import (
	"context"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// listen hears what the modem says by itself, early what it said before it was
// ready. What is about the modem is dealt with here, what is about texts by the
// inbox.
func (g *Gateway) listen(ctx context.Context, l *line, early []at.Unsolicited) {
	for _, u := range early {
		g.heard(ctx, l, u)
	}
	for {
		u, err := l.Next(ctx)
		if err != nil {
			return
		}
		if !g.told(l, u) {
			g.heard(ctx, l, u)
		}
	}
}

func (g *Gateway) heard(ctx context.Context, l *line, u at.Unsolicited) {
	if !g.inbox.heard(ctx, l, u) {
		g.log.Debug("modem says", "what", u.String())
	}
}

// collect hears what the modem says while it is made ready, and keeps what may be
// about texts.
func (g *Gateway) collect(ctx context.Context, l *line) (early []at.Unsolicited) {
	for {
		u, err := l.Next(ctx)
		if err != nil {
			return early
		}
		if !g.told(l, u) {
			early = append(early, u)
		}
	}
}

// withoutBoot takes what was said before the modem answered for the first time. A
// restart that was told of then is over.
func withoutBoot(l *line) (early []at.Unsolicited) {
	now, end := context.WithCancel(context.Background())
	end()
	for {
		u, err := l.Next(now)
		if err != nil {
			return early
		}
		if !boots(u) {
			early = append(early, u)
		}
	}
}

// boots reports whether a modem says that it has just started: Quectel and SIMCom,
// SIMCom's LTE modems, Siemens, Wavecom.
func boots(u at.Unsolicited) bool {
	_, fields := at.Fields(u.Line)
	switch {
	case u.Name == "RDY", u.Name == "START", strings.HasPrefix(u.Line, "^SYSSTART"):
		return true
	case u.Name == "+WIND" && len(fields) == 1:
		return fields[0].Text == "1" || fields[0].Text == "3"
	}
	return false
}

// cardNews are the names under which modems tell that something is about the SIM
// card: put in, taken out, read.
var cardNews = []string{"+CPIN", "^SIMST", "+WIND", "+QSIMSTAT", "+CSMINS", "+QUSIM", "+SIM", "^SIMREADY", "+QIND", "SMS READY", "CALL READY"}

// told deals with what is about the modem and reports whether it was that.
func (g *Gateway) told(l *line, u at.Unsolicited) bool {
	switch {
	case boots(u):
		l.fail(errBooted)
	case slices.Contains(networks, u.Name):
		if r, err := at.ParseRegistration(u.Line); err == nil {
			g.registered(l, u.Name, r)
		}
	case u.Name == "+CUSD":
		answer, err := at.ParseUSSD(u)
		if err != nil {
			g.log.Warn("modem gives an answer to a code that is none", "err", err)
			return true
		}
		select {
		case l.ussd <- answer:
		default: // nobody asked
		}
	case slices.Contains(cardNews, u.Name):
		l.look()
	default:
		return false
	}
	return true
}
