package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Check is one thing that must be well for the service to take messages.
type Check struct {
	Name string // one word, "store"
	// Do gives nil if it is well, else an error whose words (of [smsengine.StatusOf])
	// strangers may read. It may take its time, or hang: nobody waits for it longer
	// than patience, and it is not called again before it has ended.
	Do func(ctx context.Context) error
}

// patience is how long a check is waited for.
const patience = time.Second

// Readiness answers whether all checks are well: 200, or 503 and which are not.
type Readiness struct{ probes []*probe }

// Ready makes it of some checks.
func Ready(checks ...Check) *Readiness {
	h := &Readiness{}
	for _, c := range checks {
		h.probes = append(h.probes, &probe{Check: c, patience: patience})
	}
	return h
}

// result is what a client is told.
type result struct {
	Ready  bool     `json:"ready"`
	Checks []answer `json:"checks"`
}

type answer struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"` // "ok", or what is wrong
}

// ServeHTTP answers in words, or in JSON.
func (h *Readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !look(w, r) {
		return
	}
	res := h.ask(r.Context())
	status := http.StatusOK
	if !res.Ready {
		status = http.StatusServiceUnavailable
	}
	if httpapi.WantsJSON(r) {
		body, _ := json.Marshal(res) // it has nothing that could fail
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n'))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, res)
}

// String is one line for the whole and one for each check.
func (r result) String() string {
	var b strings.Builder
	if !r.Ready {
		b.WriteString("not ")
	}
	b.WriteString("ready\n")
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%-8s %s\n", c.Name, httpapi.Line(c.Text))
	}
	return b.String()
}

// Ask says of each check whether it is well.
func (h *Readiness) Ask(ctx context.Context) map[string]bool {
	all := make(map[string]bool, len(h.probes))
	for _, c := range h.ask(ctx).Checks {
		all[c.Name] = c.OK
	}
	return all
}

// ask makes all checks side by side.
func (h *Readiness) ask(ctx context.Context) result {
	res := result{Ready: true, Checks: make([]answer, len(h.probes))}
	var all sync.WaitGroup
	for i, p := range h.probes {
		all.Go(func() {
			err := p.ask(ctx)
			res.Checks[i] = answer{Name: p.Name, OK: err == nil, Text: "ok"}
			if err != nil {
				res.Checks[i].Text = smsengine.StatusOf(err).Text
			}
		})
	}
	all.Wait()
	for _, c := range res.Checks {
		res.Ready = res.Ready && c.OK
	}
	return res
}

// probe makes one check at a time, for all who ask meanwhile.
type probe struct {
	Check
	patience time.Duration

	mu  sync.Mutex
	now *run // under way, nil if none is
}

// run is one time that a check is made.
type run struct {
	over chan struct{}   // closed when it is over
	late <-chan struct{} // closed when patience is over, too
	err  error           // when it is over
}

var errSilent = smsengine.Fail("ready", smsengine.Temporary, "4.3.0", "does not answer", nil)

func (p *probe) ask(ctx context.Context) error {
	r := p.begin()
	select {
	case <-r.over:
	case <-r.late:
	case <-ctx.Done():
	}
	select {
	case <-r.over: // it counts, also if it was late
		return r.err
	default:
		return errSilent
	}
}

// begin joins the run under way, or begins one.
func (p *probe) begin() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil {
		return p.now
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	r := &run{over: make(chan struct{}), late: ctx.Done()}
	p.now = r
	go func() {
		r.err = p.Do(ctx)
		p.mu.Lock()
		p.now = nil
		p.mu.Unlock()
		close(r.over)
		cancel()
	}()
	return r
}
