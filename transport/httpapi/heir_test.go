package httpapi

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/postel-mail/postel/transport/listen"
)

// get asks on a connection, and reports whether it shall be closed after the
// answer; false too if there was none.
func get(c net.Conn, in *bufio.Reader) (answered, closing bool) {
	_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: sms.example.org\r\n\r\n")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusNoContent, res.Close
}

// After a handover the old server asks its clients to go, and what it counted and
// counts is known to the new one.
func TestHandedOver(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	l, err := listen.Open("inet:127.0.0.1:0", listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	address, ended := l.Addr().String(), make(chan error, 2)
	two := func(o *Options) { o.PerClient = 2 }
	old, young := newBed(t, two).server, newBed(t, two).server
	go func() { ended <- old.Serve(l) }()
	c := dial(t, "127.0.0.1", address)
	in := bufio.NewReader(c)
	if answered, closing := get(c, in); !answered || closing {
		t.Errorf("answered: %t, closing: %t", answered, closing)
	}

	heir, err := l.Heir(listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	young.Follow(old)
	go func() { ended <- young.Serve(heir) }()
	second, third := dial(t, "127.0.0.1", address), dial(t, "127.0.0.1", address)
	if answered, closing := get(second, bufio.NewReader(second)); !answered || closing {
		t.Errorf("answered: %t, closing: %t", answered, closing)
	}
	if answered, _ := get(third, bufio.NewReader(third)); answered {
		t.Error("a client of two places has three connections")
	}
	if answered, closing := get(c, in); !answered || !closing {
		t.Errorf("answered: %t, closing: %t", answered, closing)
	}
	<-l.Left()
	if f := young.Figures(); f.Requests["/healthz"] != [5]uint64{1: 3} || f.Crowded != 1 {
		t.Errorf("%+v", f)
	}
	for _, s := range []*Server{old, young} {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRateIsFollowed(t *testing.T) {
	few := func(o *Options) { o.Rate, o.Burst = 0.001, 2 }
	old, young := newBed(t, few), newBed(t, few)
	young.server.Follow(old.server)
	var got []int
	for _, b := range []*bed{old, young, old, young} {
		got = append(got, b.ask("GET", "/healthz", "").Code)
	}
	if got[1] != 204 || got[2] != 429 || got[3] != 429 || young.server.Figures().Limited != 2 {
		t.Errorf("answers are %v, %+v", got, young.server.Figures())
	}
}
