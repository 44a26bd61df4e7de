package modem

import (
	"os"
	"time"
)

// Plug connects the modem. One that takes its power from the computer starts then.
func (m *Modem) Plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plug()
}

func (m *Modem) plug() {
	if m.port != nil || m.closed {
		return
	}
	p, err := openPort()
	if err == nil {
		err = replaceLink(p.name, m.link)
	}
	if err != nil {
		m.t.Errorf("modem: %v", err)
		return
	}
	m.port = p
	m.note("plugged in, %s", p.name)
	if m.p.USB || m.life == 0 {
		m.start()
	}
	m.session.Go(func() { m.serve(p) })
}

// replaceLink makes the link lead to a port, in one step.
func replaceLink(to, link string) error {
	next := link + ".new"
	_ = os.Remove(next)
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}

// Unplug pulls out the plug: who has the port open is hung up on. One that takes
// its power from the computer forgets what a modem forgets without power.
func (m *Modem) Unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplug()
}

func (m *Modem) unplug() {
	if m.port == nil {
		return
	}
	m.note("unplugged")
	_ = os.Remove(m.link)
	_ = m.port.Close()
	m.port = nil
	m.input, m.executing, m.held = input{}, false, nil
	if m.p.USB {
		m.life++
	}
}

// Restart is what AT+CFUN=1,1 does, or the power button. The port of a USB modem
// vanishes for a while.
func (m *Modem) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restart()
}

func (m *Modem) restart() {
	m.note("restart")
	if !m.p.USB {
		m.start()
		return
	}
	m.unplug()
	life := m.life
	m.after(max(m.p.Times.Boot, time.Nanosecond), func() {
		if m.life == life {
			m.plug()
		}
	})
}

// start is the modem's life from power on.
func (m *Modem) start() {
	m.life++
	m.settings = m.p.defaults()
	m.memories = m.p.Memory
	m.unlocked, m.reading, m.frozen = false, false, false
	m.input, m.held, m.executing = input{}, nil, false
	m.awaiting = nil
	if sr := m.stores["SR"]; sr != nil {
		m.stores["SR"] = newStore(len(sr.places))
	}
	life, boot := m.life, m.p.Times.Boot
	if m.p.USB {
		boot = 0 // its port appears when it has booted
	}
	m.booting = true
	m.after(boot, func() {
		if m.life != life {
			return
		}
		m.booting = false
		for _, line := range m.p.Boot {
			m.say(line)
		}
		if m.lock() == ready {
			m.readSIM()
		}
	})
}

// RemoveSIM takes the card out of the running modem.
func (m *Modem) RemoveSIM() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim, m.unlocked = nil, false
	m.note("SIM removed")
	for _, line := range m.p.SIMGone {
		m.say(line)
	}
	m.register(0)
}

// InsertSIM puts a card in; the modem reads it at once.
func (m *Modem) InsertSIM(s *SIM) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim, m.unlocked = s, false
	m.note("SIM inserted")
	if m.lock() == ready {
		m.readSIM()
	}
	m.register(1)
}

// Freeze makes the modem deaf and dumb: until Thaw, or, if reopening helps, until
// its port has been closed and opened again.
func (m *Modem) Freeze(reopeningHelps bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen, m.untilReopened = true, -1
	if reopeningHelps && m.port != nil {
		m.untilReopened = m.port.closes.Load()
	}
	m.note("frozen")
}

// Thaw ends Freeze.
func (m *Modem) Thaw() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen = false
}
