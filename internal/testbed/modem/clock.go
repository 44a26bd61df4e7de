package modem

import "time"

// after does something later, in the model's time. The caller holds m.mu, and so
// does what is done.
func (m *Modem) after(d time.Duration, do func()) {
	if d = m.scaled(d); d == 0 {
		do()
		return
	}
	m.clock(d, do)
}

// clock is after in real time.
func (m *Modem) clock(d time.Duration, do func()) {
	time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.closed {
			do()
		}
	})
}

func (m *Modem) scaled(d time.Duration) time.Duration {
	if d == time.Nanosecond {
		return d // as soon as it can be, but not now
	}
	return time.Duration(float64(d) * m.o.Scale)
}

// pause takes time, in which others may do things with the modem. It is false if
// the modem has been restarted or unplugged meanwhile. The caller holds m.mu.
func (m *Modem) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	port, life := m.port, m.life
	m.mu.Unlock()
	time.Sleep(d)
	m.mu.Lock()
	return m.port == port && m.life == life && !m.closed
}
