package listen

import "net"

// Direct undoes what a Listener does for the protocols that have no server of
// their own: package http has buffers and deadlines, and sets them on the
// connection itself. Limits, credentials of peers and Close stay.
func Direct(l net.Listener) net.Listener { return directListener{l} }

type directListener struct{ net.Listener }

func (d directListener) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if lc, ok := c.(*Conn); ok {
		return direct{lc}, err
	}
	return c, err
}

type direct struct{ *Conn }

func (d direct) Read(p []byte) (int, error)  { return d.Conn.Conn.Read(p) }
func (d direct) Write(p []byte) (int, error) { return d.Conn.Conn.Write(p) }
