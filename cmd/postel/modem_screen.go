package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// screen is what a console prints, from several goroutines.
type screen struct {
	t      *terminal
	person bool // who sees what was typed

	mu   sync.Mutex
	line string // the command that runs
}

func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.printf(format, args...)
}

// typed says which command runs; "" for none.
func (s *screen) typed(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = line
}

// trace shows a command as it is sent, its PIN hidden, to those who did not type
// it. A PIN that was typed in the open is wiped from the terminal.
func (s *screen) trace(l at.Trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.Out || s.line == "" || l.Text == "AT" && s.line != "AT" || l.Text == "ESC" || l.Text == "Ctrl-Z" {
		return
	}
	switch {
	case !s.person:
		s.t.printf("> %s\n", clean(l.Text))
	case strings.HasSuffix(l.Text, "***"):
		s.t.printf("\x1b[1A\x1b[2K%s\n", clean(l.Text))
	}
}

// lineReader reads lines when they are asked for.
type lineReader struct {
	t  *terminal
	in *bufio.Reader
}

func newLineReader(t *terminal) *lineReader { return &lineReader{t, bufio.NewReader(t.in)} }

var errGone = errors.New("the modem is gone")

// next gives a line, without the spaces around it. What is asked for with words is
// secret, and does not show on a terminal. It ends when ctx does, or the modem is
// gone; then the line that somebody still types is lost.
func (r *lineReader) next(ctx context.Context, gone <-chan struct{}, secret string) (string, error) {
	type read struct {
		line string
		err  error
	}
	got := make(chan read, 1)
	go func() {
		line, err := r.read(secret)
		got <- read{strings.TrimSpace(line), err}
	}()
	select {
	case a := <-got:
		if a.line != "" {
			a.err = nil // the last line need not have an end
		}
		return a.line, a.err
	case <-gone:
		return "", errGone
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (r *lineReader) read(secret string) (string, error) {
	if f, ok := r.t.in.(*os.File); ok && secret != "" && asPerson(r.t) {
		fmt.Fprint(r.t.err, secret)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(r.t.err)
		return string(b), err
	}
	return r.in.ReadString('\n')
}
