package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptFake starts an HTTP provider, whose address it puts into a variable:
// "fake PROVIDER". It is spoken to as testdata/script/gateway_try.txtar says, and
// brings receipts to the socket of the script's hooks.
func scriptFake(ts *testscript.TestScript, neg bool, args []string) {
	f := &fakeProvider{hooks: ts.MkAbs("hooks")}
	s := httptest.NewServer(f)
	ts.Defer(func() { s.Close(); f.brings.Wait() })
	ts.Setenv(args[0], s.URL)
}

// fakeProvider takes texts from the user postel with the password hush-hush. The
// text says what becomes of it.
type fakeProvider struct {
	hooks  string // a unix socket
	taken  atomic.Int64
	brings sync.WaitGroup
}

func (f *fakeProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, user, password := r.FormValue("text"), "", ""
	user, password, _ = r.BasicAuth()
	switch {
	case user != "postel" || password != "hush-hush":
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case strings.HasPrefix(text, "Lost"):
		panic(http.ErrAbortHandler)
	case strings.HasPrefix(text, "Refused"):
		http.Error(w, "no", http.StatusBadRequest)
	default:
		id := fmt.Sprintf("m%d", f.taken.Add(1))
		if callback := r.FormValue("callback"); callback != "" && !strings.HasPrefix(text, "Silent") {
			f.brings.Go(func() { f.bring(callback, url.Values{"id": {id}, "state": {"delivered"}}) })
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id": %q}`, id)
	}
}

// bring calls an address of Postel's.
func (f *fakeProvider) bring(address string, form url.Values) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.hooks)
	}}}
	if resp, err := client.PostForm(address, form); err == nil {
		_ = resp.Body.Close()
	}
}
