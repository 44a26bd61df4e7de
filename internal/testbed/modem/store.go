package modem

import "slices"

// Where a stored text stands (TS 27.005 §3.1, <stat>).
const (
	unread = iota
	read
	unsent
	sent
	all
)

// entry is a place of a store that has something.
type entry struct {
	stat int
	smsc string
	tpdu []byte
}

// store is one memory for texts: "SM" the SIM's, "ME" the modem's, "SR" that of reports.
type store struct{ places []*entry }

func newStore(size int) *store { return &store{make([]*entry, size)} }

// put takes the first free place. It gives -1 if there is none.
func (s *store) put(e *entry) int {
	i := slices.Index(s.places, nil)
	if i >= 0 {
		s.places[i] = e
	}
	return i
}

func (s *store) used() (n int) {
	for _, e := range s.places {
		if e != nil {
			n++
		}
	}
	return n
}

// at is the place with the index that the modem shows for it.
func (s *store) at(i int) **entry {
	if i < 0 || i >= len(s.places) {
		return nil
	}
	return &s.places[i]
}

// memory finds a store by its name. "MT", which is SIM and modem together, and
// "SM_P", which prefers the SIM, are the SIM here. The caller holds m.mu.
func (m *Modem) memory(name string) *store {
	switch name {
	case "SM", "MT", "SM_P":
		if m.sim == nil {
			return nil
		}
		return m.sim.texts
	}
	return m.stores[name]
}

// Stored tells how many texts a memory has ("SM", "ME", "SR"), and has room for.
func (m *Modem) Stored(memory string) (used, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.memory(memory); s != nil {
		return s.used(), len(s.places)
	}
	return 0, 0
}

// Fill fills a memory with old texts that have been read, all but free places.
func (m *Modem) Fill(memory string, free int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.memory(memory)
	for s != nil && len(s.places)-s.used() > free {
		tpdu := Incoming{From: "+15555550188", Text: "old"}.TPDUs()[0]
		s.put(&entry{stat: read, smsc: m.smsc(), tpdu: tpdu})
	}
}
