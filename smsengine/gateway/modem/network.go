package modem

import (
	"context"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// networks are the commands that tell where the modem is registered: for calls
// and texts (3GPP TS 27.007 §7.2), and with LTE (§10.1.22). One is enough.
var networks = []string{"+CREG", "+CEREG"}

// register has the modem report its registration, and looks at it. Texts are
// received whatever it is: nobody waits for a network here.
func (g *Gateway) register(ctx context.Context, l *line) error {
	for _, name := range networks {
		for _, n := range []int{1, 2} {
			_, ok, err := l.ask(ctx, fmt.Sprintf("AT%s=%d", name, n))
			if err != nil {
				return err
			}
			if ok {
				l.reports[name], _, err = l.readNetwork(ctx, name) // some say OK and do not
				if err != nil {
					return err
				}
				break
			}
		}
	}
	g.state.learn(func(f *facts) { f.searching = time.Now() })
	return g.lookNetwork(ctx, l)
}

// lookNetwork asks where the modem is registered. A modem that no longer knows
// that it was to report has restarted.
func (g *Gateway) lookNetwork(ctx context.Context, l *line) error {
	for _, name := range networks {
		set, known := l.reports[name]
		if !known && name != "+CREG" {
			continue
		}
		n, answer, err := l.readNetwork(ctx, name)
		if err != nil {
			return err
		}
		r, bad := at.ParseRegistration(answer)
		switch {
		case bad != nil: // noise: it is asked again soon
		case set > 0 && n == 0:
			return errBooted
		default:
			g.registered(l, name, r)
		}
	}
	return nil
}

// readNetwork asks for one registration: whether it is reported (<n>, -1 if it
// does not tell), and the line of the answer.
func (l *line) readNetwork(ctx context.Context, name string) (n int, answer string, err error) {
	a, ok, err := l.ask(ctx, "AT"+name+"?")
	if err != nil || !ok {
		return -1, "", err
	}
	answer = a.Line(name)
	if _, fields := at.Fields(answer); len(fields) > 1 {
		if n, ok := fields[0].Int(); ok {
			return n, answer, nil
		}
	}
	return -1, answer, nil
}

// registered takes a registration, asked for or reported.
func (g *Gateway) registered(l *line, name string, r at.Registration) {
	best := l.registration(name, r)
	was, now := g.state.know().network.Status.Registered(), best.Status.Registered()
	g.state.learn(func(f *facts) {
		f.network, f.networks = best, true
		if now {
			f.searching = time.Time{}
		} else if f.searching.IsZero() {
			f.searching = time.Now()
		}
	})
	g.judgeNetwork()
	if now && !was {
		l.look() // at its name and signal
	}
}

// judgeNetwork raises the alarms that are about the network, and clears them.
func (g *Gateway) judgeNetwork() {
	f := g.state.know()
	switch s := f.network.Status; {
	case s.Registered():
		g.state.clear("network", "refused")
	case s == at.Denied:
		g.state.raise("refused", "the network refuses the SIM card: see that it is activated, paid for and not blocked, and that its provider has a network here that the modem can use")
	case !f.searching.IsZero() && time.Since(f.searching) >= g.o.Rests.Network:
		g.state.clear("refused")
		g.state.raise("network", fmt.Sprintf("the modem finds no network (%s): see to its antenna and place, and whether its provider has an outage", s))
	default:
		g.state.clear("refused")
	}
	if f.network.Status.Roams() && g.config.Roaming == RoamingOff {
		g.state.raise("roaming", "the modem is in a foreign network, "+f.operator.Name+", and roaming = \"off\" keeps texts from being sent through it")
	} else {
		g.state.clear("roaming")
	}
}

// registration keeps one, and gives the best of all.
func (l *line) registration(name string, r at.Registration) (best at.Registration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = make(map[string]at.Registration)
	}
	l.seen[name] = r
	for i, name := range networks {
		if r, ok := l.seen[name]; ok && (i == 0 || rank(r.Status) > rank(best.Status)) {
			best = r
		}
	}
	return best
}

// rank orders registrations: what can be used first, then what people must know.
func rank(s at.RegistrationStatus) int {
	switch {
	case s.Registered() && !s.Roams():
		return 4
	case s.Registered():
		return 3
	case s == at.Denied:
		return 2
	case s == at.Searching:
		return 1
	}
	return 0
}

// lookAround asks for what people want to know of the network.
func (g *Gateway) lookAround(ctx context.Context, l *line) error {
	a, ok, err := l.ask(ctx, "AT+CSQ")
	if err != nil {
		return err
	}
	if s, bad := at.ParseSignal(a); ok && bad == nil {
		g.state.learn(func(f *facts) { f.signal = s })
	}
	a, ok, err = l.ask(ctx, "AT+COPS?")
	if o, bad := at.ParseOperator(a); ok && bad == nil {
		g.state.learn(func(f *facts) { f.operator = o })
	}
	return err
}
