package listen

import (
	"crypto/tls"
	"errors"
	"time"
)

// ErrInjected is what StartTLS returns when octets came before the handshake.
var ErrInjected = errors.New("commands behind STARTTLS, outside of TLS")

// StartTLS makes the connection one of TLS (RFC 8446), as its server. What was
// written and not flushed goes through TLS. What the peer sent before the
// handshake is refused, because anybody on the way could have put it there (RFC
// 3207 §4.2). limit bounds the handshake, during which the connection is idle.
// After an error the connection is closed.
func (c *Conn) StartTLS(config *tls.Config, limit time.Duration) error {
	if c.Reader.Buffered() > 0 {
		_ = c.cut()
		return ErrInjected
	}
	secure := tls.Server(c.Conn, config)
	c.SetIdle(true)
	defer c.SetIdle(false)
	err := c.bound(limit)
	if err == nil {
		err = secure.Handshake()
	}
	if err != nil {
		_ = c.cut()
		return err
	}
	c.wmu.Lock()
	c.secure = secure
	c.wmu.Unlock()
	return nil
}

// bound sets the deadline of reading and writing, unless the connection ends.
func (c *Conn) bound(limit time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return ErrDrain
	}
	return c.Conn.SetDeadline(time.Now().Add(limit))
}

// TLS tells how the connection is secured; false if it is not.
func (c *Conn) TLS() (tls.ConnectionState, bool) {
	c.wmu.Lock()
	secure := c.secure
	c.wmu.Unlock()
	if secure == nil {
		return tls.ConnectionState{}, false
	}
	return secure.ConnectionState(), true
}
