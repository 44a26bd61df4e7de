package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// program is one of a script that webhooks call, at $HOOK.
type program struct {
	mu     sync.Mutex
	status int
	heard  []string // each with its method, where, and what
}

type programKey struct{}

func newProgram(e *testscript.Env) {
	p := &program{status: http.StatusNoContent}
	server := httptest.NewServer(p)
	e.Defer(server.Close)
	e.Setenv("HOOK", server.URL)
	e.Values[programKey{}] = p
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body))
	w.WriteHeader(p.status)
}

// scriptHears sets what the program answers from now on: "hears 410".
func scriptHears(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value(programKey{}).(*program)
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

// scriptHeard demands that the n-th request had these words in this order: "heard
// 1 POST /in".
func scriptHeard(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value(programKey{}).(*program)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard) < n {
		ts.Fatalf("it has heard %q", p.heard)
	}
	rest := p.heard[n-1]
	for _, word := range args[1:] {
		var ok bool
		if _, rest, ok = strings.Cut(rest, word); !ok {
			ts.Fatalf("%q is missing, or not in its place, in %s", word, p.heard[n-1])
		}
	}
}
