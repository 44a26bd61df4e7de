package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func TestVariablesAreValues(t *testing.T) {
	b := newBed(t)
	var got *http.Request
	b.serve(t, "/%%account%%/hear.php?number=%%from%% &to=%%to%%&data=%%body%%&s=%%subject%%&o=%%occasion%%&st=%%state%%&g=%%gateway%%&id=%%id%%&c=%%call%%&b=%%binary%%%%data%%&pass=hush",
		func(_ http.ResponseWriter, r *http.Request) { got = r })
	d := call("shop")
	if taking, s := b.send(t, d); !taking.Delivered {
		t.Fatalf("%+v", s)
	}
	want := "/shop/hear.php?number=john%40example.org&to=%2B15551234567&data=Gr%C3%BC%C3%9Fe%20%26%20mehr&s=Your%20order&o=delivered&st=delivered&g=office&id=" +
		string(d.About.ID) + "&c=" + string(d.Message.ID) + "&b=0&pass=hush"
	if got.Method != http.MethodGet || got.RequestURI != want || got.Header.Get(HeaderID) != string(d.Message.ID) || got.Header.Get(HeaderSignature) != "" || got.ContentLength > 0 {
		t.Errorf("it is %s %s with %v, want %s", got.Method, got.RequestURI, got.Header, want)
	}
}

// A text from a phone: the number that it is from, ours, and data.
func TestVariablesOfIncoming(t *testing.T) {
	m := smsengine.Message{
		ID: "m1", Kind: smsengine.Incoming, About: "m0", From: smsengine.Phone("+15551234567"), To: smsengine.Mailbox("john@example.org"), Original: "+15555550100",
		Body: smsengine.Body{Received: &smsengine.ReceivedSMS{Gateway: "office", Data: []byte{1, 2}, UDH: []byte{2, 5, 0}}},
	}
	c := smsengine.NewCall("shop", m, smsengine.OnReceived, time.Date(2027, 1, 31, 9, 30, 0, 0, time.UTC))
	for name, want := range map[string]string{
		"from": "+15551234567", "to": "+15555550100", "data": "AQI=", "udh": "BQA=", "binary": "1", "answers": "m0", "gateway": "office",
		"occasion": "received", "time": "2027-01-31T09:30:00Z", "webhook": "shop",
	} {
		u, err := Parse("http://example.org/?x=%%" + name + "%%")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Expand(u, smsengine.Delivery{Message: c, About: &m})
		if plain := strings.NewReplacer("%2B", "+", "%3D", "=", "%3A", ":").Replace(got); err != nil || plain != "http://example.org/?x="+want {
			t.Errorf("%s gives %s, %v", name, got, err)
		}
	}
	u, _ := Parse("http://example.org/?x=%%body%%%%state%%")
	if got, err := Expand(u, smsengine.Delivery{}); err != nil || got != "http://example.org/?x=" {
		t.Errorf("without anything it is %s, %v", got, err)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		class  smsengine.Class
		says   string
	}{
		{200, smsengine.OK, ""}, {201, smsengine.OK, ""}, {202, smsengine.OK, ""}, {204, smsengine.OK, ""},
		{301, smsengine.Temporary, "redirection"}, {302, smsengine.Temporary, "redirection"}, {308, smsengine.Temporary, "redirection"},
		{400, smsengine.Temporary, "answers HTTP 400"}, {401, smsengine.Temporary, "answers HTTP 401"}, {404, smsengine.Temporary, "answers HTTP 404"},
		{408, smsengine.Temporary, "answers HTTP 408"}, {425, smsengine.Temporary, "answers HTTP 425"}, {429, smsengine.Temporary, "answers HTTP 429"},
		{410, smsengine.Permanent, "it is gone"},
		{500, smsengine.Temporary, "answers HTTP 500"}, {502, smsengine.Temporary, "answers HTTP 502"}, {504, smsengine.Temporary, "answers HTTP 504"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			b := newBed(t)
			b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
				w.WriteHeader(c.status)
			})
			taking, s := b.send(t, call("shop"))
			wants(t, s, c.class, c.says)
			if taking.Delivered != (c.class == smsengine.OK) || c.class != 0 && s.Diagnostic != fmt.Sprintf("HTTP %d", c.status) {
				t.Errorf("%+v, %+v", taking, s)
			}
			if prefix := map[smsengine.Class]string{smsengine.Temporary: "4.", smsengine.Permanent: "5."}[c.class]; !strings.HasPrefix(s.Code, prefix) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// What failed is made again under the same name, when the rest is over.
func TestAgain(t *testing.T) {
	b := newBed(t)
	var ids []string
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		if ids = append(ids, r.Header.Get(HeaderID)); len(ids) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	d := call("shop")
	_, s := b.send(t, d)
	wants(t, s, smsengine.Temporary, "answers HTTP 500")
	_, s = b.send(t, d)
	wants(t, s, smsengine.Temporary, "called again later")
	b.passes(firstRest)
	if taking, s := b.send(t, d); !taking.Delivered {
		t.Errorf("%+v", s)
	}
	if len(ids) != 2 || ids[0] != ids[1] || ids[0] != string(d.Message.ID) {
		t.Errorf("it was called as %q", ids)
	}
}

func TestRemoved(t *testing.T) {
	b := newBed(t)
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Permanent, "was removed")
	d := call("shop")
	d.Message.To = smsengine.Phone("+15551234567")
	_, s = b.send(t, d)
	wants(t, s, smsengine.Permanent, "calls webhooks")
}

// No document, no secret, a URL from a time with other rules: somebody may mend it.
func TestCannotBeMade(t *testing.T) {
	b := newBed(t)
	b.serve(t, "/", func(http.ResponseWriter, *http.Request) { t.Error("it was called") })
	compose := b.o.Compose
	b.o.Compose = func(smsengine.Delivery) ([]byte, error) { return nil, errors.New("no") }
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "cannot be made")
	b.o.Compose = compose
	b.mu.Lock()
	b.hooks["shop"] = smsengine.Webhook{Name: "shop", URL: "http://127.0.0.1/"}
	b.hooks["old"] = smsengine.Webhook{Name: "old", URL: "gopher://hush/"}
	b.hooks["dots"] = smsengine.Webhook{Name: "dots", URL: "http://127.0.0.1/a/%%body%%/b"}
	b.mu.Unlock()
	_, s = b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "cannot be made")
	_, s = b.send(t, call("old"))
	wants(t, s, smsengine.Temporary, "cannot be used")
	d := call("dots")
	d.About.Body.Text = ".."
	_, s = b.send(t, d)
	wants(t, s, smsengine.Permanent, "a dot alone")
}

// hung serves a program that takes calls and answers when it is told to.
func (b *bed) hung(t *testing.T) (came <-chan string, answer chan<- int) {
	arrived, answers, over := make(chan string, 100), make(chan int), make(chan struct{})
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- r.Header.Get(HeaderID)
		select {
		case status := <-answers:
			w.WriteHeader(status)
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) })
	return arrived, answers
}

func TestSilent(t *testing.T) {
	b := newBed(t)
	b.o.Timeout = 50 * time.Millisecond
	b.hung(t)
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Uncertain, "does not answer")
	_, s = b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "does not answer; it is called again later")
}

// While one program hangs, the calls of all others are made at once, and its own
// put off without a word to it.
func TestOneThatHangs(t *testing.T) {
	b := newBed(t)
	came, answer := b.hung(t)
	hanging := b.hooks["shop"]
	var first sync.WaitGroup
	first.Go(func() { b.send(t, call("shop")) })
	<-came
	b.passes(slow + 1)
	var heard atomic.Int64
	b.serve(t, "/", func(http.ResponseWriter, *http.Request) { heard.Add(1) })
	b.mu.Lock()
	b.hooks["well"], b.hooks["shop"] = b.hooks["shop"], hanging
	well := b.hooks["well"]
	well.Name = "well"
	b.hooks["well"] = well
	b.mu.Unlock()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				_, s := b.send(t, call("shop"))
				wants(t, s, smsengine.Temporary, "one call at a time")
				if taking, s := b.send(t, call("well")); !taking.Delivered {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	all.Wait()
	if n := heard.Load(); n != 200 || len(came) > 0 {
		t.Errorf("one has heard %d, the other %d more", n, len(came))
	}
	answer <- 200
	first.Wait()
}

// A call that is cut off says nothing about the webhook.
func TestCutOff(t *testing.T) {
	b := newBed(t)
	came, answer := b.hung(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-came
		cancel()
	}()
	_, err := b.Send(ctx, call("shop"))
	wants(t, smsengine.StatusOf(err), smsengine.Uncertain, "called again")
	go func() {
		<-came
		for { // the server may not know yet that nobody waits for its first answer
			select {
			case answer <- 200:
			case <-t.Context().Done():
				return
			}
		}
	}()
	if taking, s := b.send(t, call("shop")); !taking.Delivered {
		t.Errorf("%+v", s)
	}
}

// What counts is that it said yes. The rest is not read to its end.
func TestOddAnswers(t *testing.T) {
	b := newBed(t)
	b.o.Timeout = 5 * time.Second
	var wrote atomic.Int64
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		block := make([]byte, 64<<10)
		for range 4096 {
			n, err := w.Write(block)
			wrote.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if taking, s := b.send(t, call("shop")); !taking.Delivered {
		t.Errorf("%+v", s)
	}
	if n := wrote.Load(); n > 64<<20 {
		t.Errorf("%d octets were read", n)
	}
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if taking, s := b.send(t, call("shop")); !taking.Delivered {
		t.Errorf("broken off behind the status: %+v", s)
	}
	b.o.Timeout = 50 * time.Millisecond
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if taking, s := b.send(t, call("shop")); !taking.Delivered {
		t.Errorf("without an end: %+v", s)
	}
	b.o.Timeout = 5 * time.Second
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Uncertain, "does not answer")
	b.passes(time.Hour)
	b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 2*maxHeader))
	})
	_, s = b.send(t, call("shop"))
	wants(t, s, smsengine.Uncertain, "does not answer")
}

// raw serves octets that need not be HTTP.
func raw(t *testing.T, answer string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, answer)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func TestNoHTTP(t *testing.T) {
	for _, answer := range []string{"", "220 mail.example.org ESMTP\r\n", "HTTP/1.1 200", "HTTP/1.1 abc\r\n\r\n", "\x00\xff"} {
		b := newBed(t)
		b.add("shop", "http://"+raw(t, answer)+"/?pass=hush")
		_, s := b.send(t, call("shop"))
		wants(t, s, smsengine.Uncertain, "does not answer")
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	b := newBed(t)
	b.add("shop", "http://"+l.Addr().String()+"/")
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "cannot be reached")
	b.add("nobody", "http://nobody.invalid/")
	_, s = b.send(t, call("nobody"))
	wants(t, s, smsengine.Temporary, "")
}

// TLS has to prove the name.
func TestUnproved(t *testing.T) {
	b := newBed(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was called") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer s.Close()
	b.add("shop", s.URL)
	_, status := b.send(t, call("shop"))
	wants(t, status, smsengine.Temporary, "certificate")
}

// Over TLS and HTTP/2, and over one connection.
func TestConnectionIsKept(t *testing.T) {
	b := newBed(t)
	var fresh atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("it is %s", r.Proto)
		}
		fmt.Fprint(w, "thank you")
	}))
	s.EnableHTTP2 = true
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			fresh.Add(1)
		}
	}
	s.StartTLS()
	defer s.Close()
	b.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	b.add("shop", s.URL)
	for range 10 {
		if taking, st := b.send(t, call("shop")); !taking.Delivered {
			t.Fatalf("%+v", st)
		}
	}
	if n := fresh.Load(); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

// A connection that the server has closed meanwhile costs nothing.
func TestClosedConnection(t *testing.T) {
	b := newBed(t)
	s := b.serve(t, "/", func(http.ResponseWriter, *http.Request) {})
	for range 20 {
		if taking, st := b.send(t, call("shop")); !taking.Delivered {
			t.Fatalf("%+v", st)
		}
		s.CloseClientConnections()
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	b := newBed(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirection was followed") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		b.serve(t, "/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		_, s := b.send(t, call("shop"))
		wants(t, s, smsengine.Temporary, "not followed")
		b.passes(time.Hour)
	}
}

// Nothing inside is called, whatever the URL looks like.
func TestInside(t *testing.T) {
	var mu sync.Mutex
	var reached []string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		reached = append(reached, r.Host)
	}))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	b := newBed(t)
	b.o.Networks = nil
	b.client = newClient(b.o)
	for i, host := range []string{
		"127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[64:ff9b::7f00:1]", "0x7f000001", "2130706433", "017700000001",
		"10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255",
	} {
		name := fmt.Sprint("hook", i)
		b.add(name, "http://"+host+":"+port+"/")
		_, st := b.send(t, call(name))
		if st.Class != smsengine.Temporary {
			t.Errorf("%s: %+v", host, st)
		}
		if strings.Trim(host, "0123456789.") == "" && strings.Count(host, ".") == 3 && st.Code != "4.7.1" {
			t.Errorf("%s: %+v", host, st)
		}
	}
	if len(reached) > 0 {
		t.Errorf("it was called as %q", slices.Compact(reached))
	}
	t.Setenv("HTTP_PROXY", s.URL) // no proxy leads there either
	b.client = newClient(b.o)
	b.add("far", "http://nobody.invalid/")
	b.send(t, call("far"))
	if len(reached) > 0 {
		t.Error("the proxy of the environment was used")
	}
}
