package main

import (
	"io"
	"sync"
)

// logWriter hands lines to a writer from a goroutine of its own, all that have
// come meanwhile at once: under load many lines cost one system call, and nobody
// who logs waits for whoever reads the log.
type logWriter struct {
	w      io.Writer
	mu     sync.Mutex
	room   *sync.Cond // there is room in lines
	lines  []byte
	wake   chan struct{}
	closed bool
	done   chan struct{}
}

// logMost bounds what waits; beyond it, logging waits for the reader after all,
// so that nothing is lost.
const logMost = 1 << 20

func newLogWriter(w io.Writer) *logWriter {
	l := &logWriter{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.room = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// Write takes a line. After Close it writes at once.
func (l *logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.lines) > logMost && !l.closed {
		l.room.Wait()
	}
	if l.closed {
		return l.w.Write(p)
	}
	l.lines = append(l.lines, p...)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

// Close writes what waits.
func (l *logWriter) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.wake)
		l.room.Broadcast()
	}
	l.mu.Unlock()
	<-l.done
}

func (l *logWriter) run() {
	defer close(l.done)
	var spare []byte
	for range l.wake {
		l.mu.Lock()
		lines := l.lines
		l.lines = spare[:0]
		l.room.Broadcast()
		l.mu.Unlock()
		_, _ = l.w.Write(lines) // there is nowhere to say that the log cannot be written
		spare = lines
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(l.lines)
	l.lines = nil
}
