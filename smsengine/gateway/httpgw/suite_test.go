package httpgw

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
)

// company is a provider like Twilio, with phones.
type company struct {
	mu      sync.Mutex
	phones  map[string][]smsengine.Part
	fail    []smsengine.Class
	sent    int
	changed chan struct{}
}

func newCompany() *company {
	return &company{phones: map[string][]smsengine.Part{}, changed: make(chan struct{})}
}

// ServeHTTP takes a text.
func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // what did not come whole is not sent
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.ParseForm() != nil {
		return
	}
	switch c.luck() {
	case smsengine.Temporary:
		w.WriteHeader(http.StatusServiceUnavailable)
	case smsengine.Permanent:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":21211,"message":"no such number","status":400}`)
	case smsengine.Uncertain:
		panic(http.ErrAbortHandler) // hangs up
	default:
		id := c.arrive(r.Form.Get("To"), r.Form.Get("Body"))
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{"sid": id, "status": "queued"})
	}
}

// unlucky makes the next n texts fail.
func (c *company) unlucky(n int, class smsengine.Class) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = slices.Repeat([]smsengine.Class{class}, n)
}

func (c *company) luck() smsengine.Class {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fail) == 0 {
		return smsengine.OK
	}
	class := c.fail[0]
	c.fail = c.fail[1:]
	return class
}

func (c *company) arrive(to, text string) (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phones[to] = append(c.phones[to], smsengine.Part{Text: text})
	c.sent++
	close(c.changed)
	c.changed = make(chan struct{})
	return fmt.Sprintf("SM%032d", c.sent)
}

func (c *company) arrived(ctx context.Context, number string, n int) []smsengine.Part {
	for {
		c.mu.Lock()
		parts, changed := slices.Clone(c.phones[number]), c.changed
		c.mu.Unlock()
		if len(parts) >= n {
			return parts
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return parts
		}
	}
}

func TestDriver(t *testing.T) {
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Fixture {
		c := newCompany()
		server := httptest.NewTLSServer(c)
		t.Cleanup(server.Close)
		g := known(t, "twilio")
		g.settings["receipts_url"] = ""
		(&fake{plain: server.Listener, secure: server.Listener}).connect(g)
		return gatewaytest.Fixture{
			Gateway: g, ID: "office", Number: ours, Arrived: c.arrived, NoBinary: true,
			Fail: c.unlucky,
		}
	})
}
