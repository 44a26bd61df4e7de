package milter

import (
	"strings"
	"sync"
)

// presence knows the clients whose mails the milter is looking at. An SMTP
// session that outlives a restart of ours, or found no place, has a mail that
// the milter does not see; Postfix would let it pass without a ticket.
type presence struct {
	mu    sync.Mutex
	mails map[string]int // client → mails under way
}

func (p *presence) enter(client string) {
	p.mu.Lock()
	p.mails[client]++
	p.mu.Unlock()
}

func (p *presence) leave(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mails[client]--; p.mails[client] == 0 {
		delete(p.mails, client)
	}
}

// sees reports whether a mail of the client is under way. An MTA that does not
// tell all of a client's name is given the benefit of the doubt.
func (p *presence) sees(address, port string) bool {
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
