package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// slow is a writer that waits for each permission to write.
type slow struct {
	bytes.Buffer
	turn   chan struct{}
	writes int
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.turn
	s.writes++
	return s.Buffer.Write(p)
}

func TestLogLosesNothingAndKeepsLinesWhole(t *testing.T) {
	w := &slow{turn: make(chan struct{})}
	l := newLogWriter(w)
	var wg sync.WaitGroup
	for who := range 20 {
		wg.Go(func() {
			for n := range 500 {
				fmt.Fprintf(l, "line %d of %d, and it is long enough to fill what may wait %s\n", n, who, strings.Repeat(".", 200))
			}
		})
	}
	close(w.turn) // the reader wakes up when much has come
	wg.Wait()
	l.Close()
	fmt.Fprintln(l, "after the end")
	lines := strings.Split(strings.TrimSpace(w.String()), "\n")
	if len(lines) != 20*500+1 || lines[len(lines)-1] != "after the end" {
		t.Fatalf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	next := make(map[int]int)
	for _, line := range lines[:len(lines)-1] {
		var n, who int
		if _, err := fmt.Sscanf(line, "line %d of %d", &n, &who); err != nil || next[who] != n {
			t.Fatalf("after line %d of %d comes %.40q (%v)", next[who]-1, who, line, err)
		}
		next[who]++
	}
	if w.writes >= 20*500 {
		t.Errorf("%d writes: nothing was put together", w.writes)
	}
}
