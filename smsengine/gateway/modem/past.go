package modem

import "sync"

// maxPast is how many texts are remembered. A SIM card has room for some dozens, a
// modem for some hundreds; after a restart the Store still knows them.
const maxPast = 4096

// past are the fingerprints of what was taken lately.
type past struct {
	mu    sync.Mutex
	known map[fingerprint]bool
	order []fingerprint
}

func (p *past) has(f fingerprint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[f]
}

func (p *past) add(f fingerprint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == (fingerprint{}) || p.known[f] {
		return
	}
	if p.known == nil {
		p.known = make(map[fingerprint]bool)
	}
	p.known[f] = true
	if p.order = append(p.order, f); len(p.order) > maxPast {
		delete(p.known, p.order[0])
		p.order = p.order[1:]
	}
}
