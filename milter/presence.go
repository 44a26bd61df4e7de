package milter

import (
	"strings"
	"sync"
)

// Presence knows the clients whose mails a milter is looking at. An SMTP
// session that outlives a restart of ours, or found no place, has a mail that
// no milter sees; Postfix would let it pass without a ticket. Several milters may
// share one, and several guards: after a reload those of before and after do. Its
// zero value is ready for use.
type Presence struct {
	mu    sync.Mutex
	mails map[string]int // client → mails under way
}

func (p *Presence) enter(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mails == nil {
		p.mails = make(map[string]int)
	}
	p.mails[client]++
}

func (p *Presence) leave(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mails[client]--; p.mails[client] == 0 {
		delete(p.mails, client)
	}
}

// sees reports whether a mail of the client is under way. An MTA that does not
// tell all of a client's name is given the benefit of the doubt.
func (p *Presence) sees(address, port string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range []string{clientName(address, port), clientName(address, ""), clientName("", "")} {
		if p.mails[client] > 0 {
			return true
		}
	}
	return port == "" || address == ""
}

// clientName names a client by what is known of it.
func clientName(address, port string) string {
	if address == "" {
		return ""
	}
	return address + " " + port
}

// address is the macro {client_addr} without the tag that it has for IPv6
// (RFC 5321 §4.1.3).
func address(macro string) string {
	if len(macro) > 5 && strings.EqualFold(macro[:5], "IPv6:") {
		return macro[5:]
	}
	return macro
}
