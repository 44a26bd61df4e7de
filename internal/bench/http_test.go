//go:build bench

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Who sends and the network cost little, so that what is measured has the
// processors.

// request hands texts over by HTTP, over so many connections. path has a place for
// a number and one for a text.
func request(host string, want int, path string, sessions, texts int, name string) error {
	var all sync.WaitGroup
	errs := make([]error, sessions)
	for i := range sessions {
		all.Go(func() {
			share := texts / sessions
			if i < texts%sessions {
				share++
			}
			errs[i] = requests(host, want, path, share, fmt.Sprintf("%s.%d", name, i))
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// requests makes requests one after the other on a connection that is kept.
func requests(host string, want int, path string, texts int, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := range texts {
		text := url.QueryEscape(fmt.Sprintf("cellar: The pump in cellar 3 has stopped; the water stands at 41 cm. Call me. %s.%d", name, n))
		if _, err := fmt.Fprintf(conn, "GET "+path+" HTTP/1.1\r\nHost: %s\r\n\r\n", n, text, host); err != nil {
			return err
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != want {
			return fmt.Errorf("the answer is %s %s %w", answer.Status, said, err)
		}
		if answer.Close {
			return errors.New("the connection is not kept")
		}
	}
	return nil
}

// sink is a network of phones that takes each text at once, and counts them.
type sink struct {
	address string
	taken   atomic.Int64
}

func newSink(t testing.TB) *sink {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{address: l.Addr().String()}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close() }) // connections end with whoever made them
	return s
}

// serve answers the requests of a connection, which have no bodies.
func (s *sink) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		said := fmt.Sprint("taken ", s.taken.Add(1))
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(said), said); err != nil || req.Close {
			return
		}
	}
}

// await waits until so many texts were taken.
func (s *sink) await(all int) error {
	for deadline := time.Now().Add(time.Minute); s.taken.Load() < int64(all); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the network has %d texts of %d", s.taken.Load(), all)
		}
	}
	return nil
}
