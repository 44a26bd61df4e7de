package testbed

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a daemon that runs in the foreground as a child of the test.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	said  bytes.Buffer // what it wrote to standard output and error; to be read after it ended
}

// start starts a program of the host in the host's root directory, and has it
// stopped at the end of the test.
func (h *Host) start(name string, arg ...string) *process {
	h.t.Helper()
	p := &process{cmd: h.command(name, arg...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.SysProcAttr.Setsid = true               // a session and process group of its own, to end as a whole
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM // if the test is killed
	p.cmd.WaitDelay = time.Second                 // children may hold the output open
	if err := startFromLastingThread(p.cmd); err != nil {
		h.t.Fatalf("testbed: %s: %v", name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	h.t.Cleanup(p.stop)
	return p
}

// command is a program of the host that runs in the host's root directory.
func (h *Host) command(name string, arg ...string) *exec.Cmd {
	cmd := exec.Command(name, arg...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: h.Root}
	return cmd
}

// run runs a program of the host to its end and returns its output.
func (h *Host) run(name string, arg ...string) (string, error) {
	out, err := h.command(name, arg...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return string(out), err
}

// stop ends a process and all of its group: politely, then by force.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// failed tells why a daemon that should be running is not.
func (p *process) failed() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended: %v: %s", p.cmd.Path, p.cmd.ProcessState, p.said.String())
	default:
		return nil
	}
}

// toStart takes commands to a goroutine that never leaves its thread: the
// kernel sends Pdeathsig when the thread that started the child ends, and an
// ordinary goroutine's thread may end before the test does.
var toStart = make(chan func())

func init() {
	go func() {
		runtime.LockOSThread()
		for f := range toStart {
			f()
		}
	}()
}

func startFromLastingThread(cmd *exec.Cmd) error {
	err := make(chan error)
	toStart <- func() { err <- cmd.Start() }
	return <-err
}
