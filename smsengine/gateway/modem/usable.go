package modem

import "github.com/postel-mail/postel/smsengine"

// usable gives the line that texts can be sent through now. Without one the error
// is a temporary *smsengine.Error, which says in words for strangers why.
func (g *Gateway) usable() (*line, error) {
	g.state.mu.Lock()
	defer g.state.mu.Unlock()
	if g.state.line == nil {
		return nil, smsengine.Fail("modem.Send", smsengine.Temporary, "4.4.1", "the modem is not ready, the text waits", nil)
	}
	return g.state.line, nil
}

// attempted is told of each try to submit a part, and whether it went well.
func (g *Gateway) attempted(l *line, err error) {}
