package listen

import (
	"net"
	"testing"
)

// A service can be told to end before its servers have begun.
func TestServeAfterDrainReturns(t *testing.T) {
	var g Group
	if err := g.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := Open("inet:127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Serve(l, func(*Conn) { t.Error("a connection") }); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestGroupServesUntilDrained(t *testing.T) {
	var g Group
	l, err := Open("inet:127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- g.Serve(l, func(c *Conn) { close(answered); _ = c.Close() })
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-answered
	if err := g.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
