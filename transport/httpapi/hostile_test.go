package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const auth = "Authorization: Basic am9objpodXNo\r\n" // john:hush

// A client that sends its request an octet at a time is cut off, in the header as
// in the body, while others are served.
func TestSlowClients(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Time = 400 * time.Millisecond })
	address := b.serve(t, 0)
	head := "POST /office/ HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 100000\r\n"
	for name, begin := range map[string]string{"header": head + "X-Slow: ", "body": head + "\r\n", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, "127.0.0.1", address)
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { // trickles until it is cut off
				defer close(ended)
				for begin != "" {
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}()
			another(t, address)
			_, _ = io.Copy(io.Discard, c) // ends when the server ends the connection
			<-ended
		})
	}
}

// Thousands of connections of one client leave room for others, and what that
// client gives back it may have again.
func TestManyConnections(t *testing.T) {
	b := newBed(t, func(o *Options) { o.PerClient = 20 })
	address := b.serve(t, 50)
	var idle []net.Conn
	for range 20 {
		c := dial(t, "127.0.0.1", address)
		if _, err := io.WriteString(c, "POST /office"); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 100 {
				c, err := net.Dial("tcp", address)
				if err != nil {
					continue // the kernel's queue is full
				}
				_, err = c.Read(make([]byte, 1))
				if err == nil {
					t.Error("a connection over the limit is answered")
				}
				c.Close()
			}
		})
	}
	for range 20 {
		another(t, address)
	}
	all.Wait()
	for _, c := range idle {
		c.Close()
	}
	for { // until the server has noticed
		res, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			res.Body.Close()
			return
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// What is too large is refused without being read.
func TestHuge(t *testing.T) {
	b := newBed(t, func(o *Options) { o.MaxBody = 1000 })
	address := b.serve(t, 0)
	for name, c := range map[string]struct{ request, want string }{
		"body":    {"POST /office/ HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 100000000000\r\n\r\n" + strings.Repeat("x", 2000), "413"},
		"chunks":  {"POST /office/ HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("64\r\n"+strings.Repeat("x", 100)+"\r\n", 20), "413"},
		"header":  {"GET /office/ HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100000) + "\r\n\r\n", "431"},
		"query":   {"GET /office/?" + strings.Repeat("x", 100000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
		"fields":  {"GET /office/ HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 20000) + "\r\n", "431"},
		"both":    {"POST /office/ HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n", ""},
		"spaces":  {"GET /office/?data=hello world HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"garbage": {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
		"folded":  {"GET /office/ HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n : a\r\n\r\n", ""},
		"proxy":   {"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
		"other":   {"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", "404"},
		"path":    {"GET /office/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, "127.0.0.1", address)
			go io.WriteString(conn, c.request)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if c.want == "" { // one answer at the most, and nothing comes to harm
				return
			}
			if err != nil || !strings.HasPrefix(res.Status, c.want) {
				t.Errorf("%v, %v", res, err)
			}
		})
	}
	if n := b.office.count(); n > 4 {
		t.Errorf("%d requests came through", n)
	}
	another(t, address)
}

// A body that ends before its length is no request.
func TestBodyCutOff(t *testing.T) {
	b := newBed(t, nil)
	address := b.serve(t, 0)
	c := dial(t, "127.0.0.1", address)
	_, err := io.WriteString(c, "POST /office/ HTTP/1.1\r\nHost: x\r\n"+auth+"Content-Length: 10\r\n\r\nhalf")
	if err == nil {
		err = c.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c)
	b.office.mu.Lock()
	defer b.office.mu.Unlock()
	if len(b.office.errs) != 1 || b.office.errs[0] == nil {
		t.Errorf("the handler was told %v", b.office.errs)
	}
}

// Whoever asks on and on over one connection, without reading the answers, holds
// that connection and nothing else.
func TestNeverReads(t *testing.T) {
	b := newBed(t, nil)
	address := b.serve(t, 0)
	c := dial(t, "127.0.0.1", address)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		request := []byte(strings.Repeat(fmt.Sprintf("GET /office/ HTTP/1.1\r\nHost: x\r\n%s\r\n", auth), 100))
		for {
			if _, err := c.Write(request); err != nil {
				return
			}
		}
	}()
	for range 20 {
		another(t, address)
	}
	c.Close()
	<-ended
}
