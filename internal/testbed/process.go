package testbed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// keeper is the shell script that cleans up behind a host. It is told of each
// daemon's process group; when its input ends, because the test is done or
// because its process was killed, it ends them and removes the directory. (A
// death signal from the kernel would not do: Postfix's master loses it when it
// changes its user.)
const keeper = `
while read -r group; do groups="$groups -$group"; done
[ -z "$groups" ] || kill -s KILL -- $groups 2>/dev/null
[ -n "$POSTEL_TESTBED_KEEP" ] || rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
`

// keep starts the host's keeper.
func (h *Host) keep() error {
	cmd := exec.Command("/bin/sh", "-c", keeper, "keeper", h.Root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C at the test is not for it
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	h.keeper = in
	h.t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			h.t.Logf("testbed: cleaning up %s: %v", h.Root, err)
		}
	})
	return nil
}

// process is a daemon that runs in the foreground as a child of the test.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	out   string // the file with what it writes to standard output and error
}

// start starts a program of the host in the host's root directory, with a
// session and process group of its own. It ends with the test.
func (h *Host) start(name string, arg ...string) *process {
	h.t.Helper()
	return h.startCommand(h.command(name, arg...))
}

func (h *Host) startCommand(cmd *exec.Cmd) *process {
	h.t.Helper()
	p := &process{
		cmd:   cmd,
		ended: make(chan struct{}),
		out:   h.Path("var/log", filepath.Base(cmd.Path)+".out"),
	}
	// A file and not a pipe: nobody then waits for children that hold it open.
	out, err := os.Create(p.out)
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr.Setsid = true
	if err := p.cmd.Start(); err != nil {
		h.t.Fatalf("testbed: %s: %v", cmd.Path, err)
	}
	if _, err := io.WriteString(h.keeper, strconv.Itoa(p.cmd.Process.Pid)+"\n"); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
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

// commandAs is a program that runs as one of the host's users from the start.
func (h *Host) commandAs(id int, name string, arg ...string) *exec.Cmd {
	cmd := h.command(name, arg...)
	cmd.Env = append(cmd.Env, "LC_ALL=C.UTF-8")
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}
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

// failed tells why a daemon that should be running is not.
func (p *process) failed() error {
	select {
	case <-p.ended:
		said, _ := os.ReadFile(p.out)
		return fmt.Errorf("%s ended: %v: %s", p.cmd.Path, p.cmd.ProcessState, said)
	default:
		return nil
	}
}
