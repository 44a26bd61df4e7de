package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
)

// told lets the suite, which sends texts to phones, speak to a webhook: each text
// is a call about it. When the webhook rests, time passes.
type told struct{ *bed }

func (g told) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	about := d.Message
	about.Body.Text = d.Message.Parts[d.Part].Text
	c := call("shop")
	c.About = &about
	for {
		taking, err := g.bed.Send(ctx, c)
		if _, rests := errors.AsType[errResting](err); !rests {
			return taking, err
		}
		g.passes(longestRest)
	}
}

// program is one that hears of texts.
type program struct {
	mu      sync.Mutex
	heard   map[string][]smsengine.Part
	fail    []smsengine.Class
	changed chan struct{}
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var text struct{ To, Text string }
	if json.Unmarshal(body, &text) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fail) > 0 {
		class := p.fail[0]
		p.fail = p.fail[1:]
		switch class {
		case smsengine.Temporary:
			w.WriteHeader(http.StatusServiceUnavailable)
		case smsengine.Permanent:
			w.WriteHeader(http.StatusGone)
		case smsengine.Uncertain:
			panic(http.ErrAbortHandler)
		}
		return
	}
	p.heard[text.To] = append(p.heard[text.To], smsengine.Part{Text: text.Text})
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *program) arrived(ctx context.Context, number string, n int) []smsengine.Part {
	for {
		p.mu.Lock()
		parts, changed := slices.Clone(p.heard[number]), p.changed
		p.mu.Unlock()
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
		b, p := newBed(t), &program{heard: map[string][]smsengine.Part{}, changed: make(chan struct{})}
		b.o.Compose = func(d smsengine.Delivery) ([]byte, error) {
			return json.Marshal(map[string]string{"to": d.About.To.Value, "text": d.About.Body.Text})
		}
		b.serve(t, "/", p.ServeHTTP)
		b.client.Transport.(*http.Transport).DisableKeepAlives = true // else package http repeats what was hung up on
		return gatewaytest.Fixture{
			Gateway: told{b}, ID: smsengine.WebhookGateway, Number: "+15555550100", Arrived: p.arrived, NoBinary: true,
			Fail: func(n int, class smsengine.Class) {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.fail = slices.Repeat([]smsengine.Class{class}, n)
			},
		}
	})
}
