package httpgw

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/wire"
)

// classOf sends one text and gives the class of what came of it.
func classOf(t *testing.T, g *Gateway) (smsengine.Class, error) {
	t.Helper()
	_, err := g.Send(t.Context(), delivery(t, g, nil))
	return smsengine.StatusOf(err).Class, err
}

func TestNobodyListens(t *testing.T) {
	each(t, func(t *testing.T, g *Gateway) {
		g.client.Transport.(*wire.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, errNobody
		}
		if class, err := classOf(t, g); class != smsengine.Temporary {
			t.Errorf("nothing left, and it is %s: %v", class, err)
		}
	})
}

// TestConnectionBreaksBeforeTheRequest: whoever hangs up before the TLS
// handshake has seen nothing. Without TLS nobody can know what was read.
func TestConnectionBreaksBeforeTheRequest(t *testing.T) {
	each(t, func(t *testing.T, g *Gateway) {
		f := newFake(t, func(*fake, net.Conn) {})
		f.connect(g)
		want := smsengine.Temporary
		if strings.HasPrefix(address(t, g), "http:") {
			want = smsengine.Uncertain
		}
		if class, err := classOf(t, g); class != want && class != smsengine.Temporary {
			t.Errorf("it is %s, want %s: %v", class, want, err)
		}
	})
}

// address is the URL that a text goes to.
func address(t *testing.T, g *Gateway) string {
	t.Helper()
	v, extra, err := g.values(delivery(t, g, nil))
	if err != nil {
		t.Fatal(err)
	}
	r, err := g.composer.compose(t.Context(), v, extra)
	if err != nil {
		t.Fatal(err)
	}
	return r.URL.String()
}

// TestAnswerIsLost tries all ways in which nobody can know whether the text was
// taken.
func TestAnswerIsLost(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, serve := range map[string]func(*fake, net.Conn){
		"hangs up": func(f *fake, c net.Conn) { f.read(bufio.NewReader(c)) },
		"is slow":  func(f *fake, c net.Conn) { f.read(bufio.NewReader(c)); io.Copy(io.Discard, c) },
		"says nonsense": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			io.WriteString(c, "220 mail.example.org ESMTP\r\n")
		},
		"breaks off in the header": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Ty")
		},
		"breaks off in the body": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":\"1\"")
		},
		"is slow in the body": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":\"1\"")
			io.Copy(io.Discard, c)
		},
		"has a header without end": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Long: "+long+"\r\n\r\n")
		},
		"has a body without end": func(f *fake, c net.Conn) {
			f.read(bufio.NewReader(c))
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(long), long)
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, g *Gateway) {
				f := newFake(t, serve)
				f.connect(g)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if strings.Contains(name, "slow") { // nobody waits for it
					f.arrived = cancel
				}
				_, err := g.Send(ctx, delivery(t, g, nil))
				class := smsengine.StatusOf(err).Class
				if g.provider.Send.Auth.Kind == provider.OAuth2Auth {
					if class != smsengine.Temporary {
						t.Errorf("there is no token, and it is %s: %v", class, err)
					}
					return
				}
				if class != smsengine.Uncertain || f.count() != 1 {
					t.Errorf("it is %s after %d requests: %v", class, f.count(), err)
				}
			})
		})
	}
}

// TestTimeouts: a provider that does not answer in time leaves us uncertain, and
// is left alone after some texts.
func TestTimeouts(t *testing.T) {
	for name, head := range map[string]string{"head": "", "body": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(f *fake, c net.Conn) {
				f.read(bufio.NewReader(c))
				io.WriteString(c, head)
				io.Copy(io.Discard, c)
			})
			g, err := at(t, "http://"+f.plain.Addr().String(), Config{})
			if err != nil {
				t.Fatal(err)
			}
			g.client.Transport.(*wire.Transport).ResponseHeaderTimeout = time.Second
			g.client.Timeout = 2 * time.Second
			var all sync.WaitGroup
			for range failuresInARow {
				all.Go(func() {
					if class, err := classOf(t, g); class != smsengine.Uncertain {
						t.Errorf("it is %s: %v", class, err)
					}
				})
			}
			all.Wait()
			if class, err := classOf(t, g); class != smsengine.Temporary || f.count() != failuresInARow {
				t.Errorf("it is %s after %d requests: %v", class, f.count(), err)
			}
		})
	}
}

// TestStatusOnly: each provider says with the HTTP status alone what it can.
func TestStatusOnly(t *testing.T) {
	for status, want := range map[int]smsengine.Class{
		429: smsengine.Temporary, 503: smsengine.Temporary, 401: smsengine.Temporary, 302: smsengine.Temporary, 502: smsengine.Uncertain,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			each(t, func(t *testing.T, g *Gateway) {
				f := newFake(t, says(fmt.Sprintf("HTTP/1.1 %d So\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", status)))
				f.connect(g)
				if class, err := classOf(t, g); class != want && g.provider.Send.Auth.Kind != provider.OAuth2Auth {
					t.Errorf("it is %s, want %s: %v", class, want, err)
				}
				if f.count() != 1 {
					t.Errorf("there were %d requests", f.count())
				}
			})
		})
	}
}

// TestNothingIsRepeated: package http repeats a GET by itself if a connection
// breaks that it had used before. A text would be sent twice.
func TestNothingIsRepeated(t *testing.T) {
	g := known(t, "kannel")
	f := newFake(t, func(f *fake, c net.Conn) {
		r := bufio.NewReader(c)
		f.read(r)
		io.WriteString(c, "HTTP/1.1 202 Accepted\r\nContent-Length: 8\r\n\r\n0: Thank")
		f.read(r) // and hangs up
	})
	f.connect(g)
	if class, err := classOf(t, g); class != smsengine.OK {
		t.Fatal(err)
	}
	if class, err := classOf(t, g); class != smsengine.Uncertain {
		t.Errorf("it is %s: %v", class, err)
	}
	if f.count() != 2 {
		t.Errorf("there were %d requests for two texts", f.count())
	}
}

// brokenConn takes nothing once it has been used for a request.
type brokenConn struct {
	net.Conn
	writes atomic.Int32
}

func (c *brokenConn) Write(p []byte) (int, error) {
	if c.writes.Add(1) > 1 {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(p)
}

// TestBrokenConnectionIsReplaced: providers close idle connections. A text of
// which nothing could be written goes over a new one.
func TestBrokenConnectionIsReplaced(t *testing.T) {
	g := known(t, "kannel")
	f := newFake(t, says("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n0:"))
	f.connect(g)
	dials := 0
	g.client.Transport.(*wire.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
		dials++
		c, err := net.Dial("tcp", f.plain.Addr().String())
		return &countedConn{Conn: &brokenConn{Conn: c}}, err
	}
	for range 3 {
		if class, err := classOf(t, g); class != smsengine.OK {
			t.Errorf("it is %s: %v", class, err)
		}
	}
	if f.count() != 3 || dials != 3 {
		t.Errorf("%d requests over %d connections", f.count(), dials)
	}
}

func TestContextEnds(t *testing.T) {
	g := known(t, "46elks")
	arrived := make(chan struct{})
	f := newFake(t, func(f *fake, c net.Conn) {
		f.read(bufio.NewReader(c))
		close(arrived)
		io.Copy(io.Discard, c)
	})
	f.connect(g)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := g.Send(ctx, delivery(t, g, nil))
	if c := smsengine.StatusOf(err).Class; c != smsengine.Uncertain {
		t.Errorf("it is %s: %v", c, err)
	}
}
