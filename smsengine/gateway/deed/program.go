package deed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// leftTime is how long children of a program that has ended may keep its output
// open.
const leftTime = 2 * time.Second

// tempFail is the exit status of a program that wants to be run again later
// (EX_TEMPFAIL of sysexits.h).
const tempFail = 75

// environment is what every program finds, beside the values of the message.
var environment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/"}

// runProgram runs a program in a process group of its own, which is killed when its
// time is over, with whatever has left the group. Exit status 0 is done, 75 is tried again, any other is a failure
// for good; a program that was killed is tried again.
func runProgram(ctx context.Context, e rule.Run) (said string, err error) {
	argv, err := e.Argv()
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "this text cannot be an argument of the program: "+err.Error(), err)
	}
	environ, err := e.Environ()
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "this text cannot be in the environment of the program", err)
	}
	input, err := e.Input()
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "this text cannot be read by the program", err)
	}
	own, cancel := context.WithTimeout(ctx, time.Duration(e.Timeout))
	defer cancel()
	out := &beginning{}
	cmd := exec.CommandContext(own, argv[0], argv[1:]...)
	name := "POSTEL_RUN=" + rand.Text()
	cmd.Dir, cmd.Env = "/", slices.Concat(environ, environment, []string{name})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killAll(cmd.Process.Pid, name) }
	cmd.WaitDelay = leftTime
	if err := cmd.Start(); err != nil {
		return "", unstarted(argv[0], err)
	}
	err = cmd.Wait()
	if own.Err() != nil || errors.Is(err, exec.ErrWaitDelay) { // children may be left
		_ = killAll(cmd.Process.Pid, name)
	}
	return out.line(), ended(argv[0], cmd, out.line(), own, e)
}

// unstarted is a program that did not begin. An administrator can repair that.
func unstarted(name string, err error) error {
	if errors.Is(err, syscall.E2BIG) {
		return fail(smsengine.Permanent, "5.2.3", "the text is too long for the program "+name, err)
	}
	words := "the program " + name + " cannot be started"
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		words += ": " + number.Error()
	}
	return fail(smsengine.Temporary, "4.3.5", words, err)
}

// ended says what came of a program.
func ended(name string, cmd *exec.Cmd, said string, ctx context.Context, e rule.Run) error {
	var bad *smsengine.Error
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.Exited() && status.ExitStatus() == 0:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		bad = fail(smsengine.Temporary, "4.4.7", fmt.Sprintf("the program %s did not end in %s, and was killed", name, time.Duration(e.Timeout)), nil)
	case errors.Is(ctx.Err(), context.Canceled):
		bad = fail(smsengine.Temporary, "4.3.2", "the program "+name+" was killed, for Postel ended", nil)
	case status.Signaled():
		bad = fail(smsengine.Temporary, "4.3.0", fmt.Sprintf("the program %s was ended by a signal (%s)", name, status.Signal()), nil)
	case status.ExitStatus() == tempFail:
		bad = fail(smsengine.Temporary, "4.3.0", "the program "+name+" wants to be run again (exit status 75)", nil)
	default:
		bad = fail(smsengine.Permanent, "5.3.0", fmt.Sprintf("the program %s failed (exit status %d)", name, status.ExitStatus()), nil)
	}
	bad.Diagnostic = said
	return bad
}

// beginning keeps the beginning of what is written to it, and takes all.
type beginning struct {
	mu   sync.Mutex
	kept []byte
}

func (b *beginning) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, p[:min(len(p), max(0, 4*maxSaid-len(b.kept)))]...)
	return len(p), nil
}

func (b *beginning) line() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return line(b.kept)
}
