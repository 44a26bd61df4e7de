//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pseudoTerminal gives both ends of a terminal.
func pseudoTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip("there are no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// wait waits for a condition that another goroutine brings about.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: ", what)
		}
	}
}

// What is typed is read, and not shown.
func TestPromptDoesNotEcho(t *testing.T) {
	person, program := pseudoTerminal(t)
	var shown bytes.Buffer
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer)
	go func() {
		text, err := prompt(context.Background(), &terminal{in: program, out: io.Discard, err: program}, "Password: ")
		got <- answer{text, err}
	}()
	wait(t, "the terminal to stop echoing", func() bool { return !echoes(t, program) })
	fmt.Fprint(person, "correct-horse\n")
	if a := <-got; a.text != "correct-horse" || a.err != nil {
		t.Errorf("%q, %v", a.text, a.err)
	}
	if !echoes(t, program) {
		t.Error("the terminal stays without echo")
	}
	fmt.Fprintln(program, "END")
	b := make([]byte, 1000)
	for !strings.Contains(shown.String(), "END") {
		n, err := person.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b[:n])
	}
	if strings.Contains(shown.String(), "horse") || !strings.Contains(shown.String(), "Password: ") {
		t.Errorf("shown: %q", shown.String())
	}
}

// Whoever interrupts the question has a terminal that works.
func TestInterruptedPromptRestoresTheTerminal(t *testing.T) {
	_, program := pseudoTerminal(t)
	ctx, interrupt := context.WithCancel(context.Background())
	got := make(chan error)
	go func() {
		_, err := prompt(ctx, &terminal{in: program, out: io.Discard, err: io.Discard}, "Password: ")
		got <- err
	}()
	wait(t, "the terminal to stop echoing", func() bool { return !echoes(t, program) })
	interrupt()
	if err := <-got; err == nil || !strings.Contains(err.Error(), "interrupted; nothing was changed") {
		t.Errorf("%v", err)
	}
	if !echoes(t, program) {
		t.Error("the terminal stays without echo")
	}
}
