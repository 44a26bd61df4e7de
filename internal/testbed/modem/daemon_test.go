package modem_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

// daemon is smsd or gammu-smsd, with a directory of its own.
type daemon struct {
	t     *testing.T
	dir   string
	group int // of its processes
}

// newDaemon makes a directory with subdirectories.
func newDaemon(t *testing.T, dirs ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, dir: t.TempDir()}
	for _, name := range dirs {
		if err := os.Mkdir(d.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *daemon) path(name string) string { return filepath.Join(d.dir, name) }

func (d *daemon) write(name, content string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name+".tmp"), []byte(content), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(d.path(name+".tmp"), d.path(name)); err != nil {
		d.t.Fatal(err)
	}
}

// run runs a program of the peers.
func (d *daemon) run(program string, arg ...string) {
	d.t.Helper()
	d.start(append(testbed.TextTool(d.t, program), arg...))
}

// start runs a program for the rest of the test, in a process group of its own.
func (d *daemon) start(argv []string) {
	d.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = d.dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + d.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.Create(d.path("output"))
	if err != nil {
		d.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	out.Close()
	d.group = cmd.Process.Pid
	release := keep(d.t, d.group)
	d.t.Cleanup(func() {
		release()
		_ = cmd.Wait()
		if d.t.Failed() {
			for _, name := range []string{"output", "log"} {
				b, _ := os.ReadFile(d.path(name))
				d.t.Logf("%s:\n%s", name, b[max(0, len(b)-6000):])
			}
		}
	})
}

// keep starts a shell that kills a process group when it is released, or when the
// test's process is gone, however it went.
func keep(t *testing.T, group int) (release func()) {
	t.Helper()
	sh := exec.Command("/bin/sh", "-c", `cat; kill -s KILL -- "-$1"`, "keeper", strconv.Itoa(group))
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := sh.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		in.Close()
		_ = sh.Wait()
	}
}

// wait waits for a file whose content has a word, and gives the content.
func (d *daemon) wait(pattern, word string) (content string) {
	d.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		files, _ := filepath.Glob(d.path(pattern))
		for _, f := range files {
			b, _ := os.ReadFile(f)
			if strings.Contains(string(b), word) {
				return string(b)
			}
		}
	}
	d.t.Fatalf("no file %s with %q", pattern, word)
	return ""
}

// newSmsd starts smstools' smsd, which rests some seconds after the PIN.
func newSmsd(t *testing.T, m *modem.Modem, init string, p modem.Personality, rest int) *daemon {
	t.Helper()
	d := newDaemon(t, "outgoing", "checked", "incoming", "report", "failed", "sent", "stats")
	d.write("smsd.conf", fmt.Sprintf(`devices = GSM1
outgoing = %[1]s/outgoing
checked = %[1]s/checked
incoming = %[1]s/incoming
report = %[1]s/report
failed = %[1]s/failed
sent = %[1]s/sent
stats = %[1]s/stats
pidfile = %[1]s/pid
infofile = %[1]s/info
logfile = %[1]s/log
loglevel = 7
delaytime = 1
delaytime_mainprocess = 1
errorsleeptime = 2
blocktime = 5
autosplit = 3
executable_check = no

[GSM1]
device = %[2]s
baudrate = 115200
incoming = yes
report = yes
pin = 1234
pinsleeptime = %[5]d
init = %[3]s
rtscts = no
memory_start = %[4]d
detect_unexpected_input = yes
using_routed_status_report = yes
routed_status_report_cnma = no
sentsleeptime = 0
`, d.dir, m.Path(), init, p.FirstIndex, rest))
	d.run("usr/sbin/smsd", "-c", d.path("smsd.conf"), "-t")
	return d
}

// newGammu starts gammu-smsd.
func newGammu(t *testing.T, m *modem.Modem) *daemon {
	t.Helper()
	d := newDaemon(t, "inbox", "outbox", "sent", "error")
	d.write("smsdrc", fmt.Sprintf(`[gammu]
port = %[2]s
connection = at115200
use_locking = no
synchronizetime = no

[smsd]
service = files
logfile = %[1]s/log
debuglevel = 255
inboxpath = %[1]s/inbox/
outboxpath = %[1]s/outbox/
sentsmspath = %[1]s/sent/
errorsmspath = %[1]s/error/
deliveryreport = sms
commtimeout = 1
receivefrequency = 1
statusfrequency = 5
checksecurity = 1
checksignal = 0
checkbattery = 0
maxretries = 2
`, d.dir, m.Path()))
	d.run("usr/bin/gammu-smsd", "-c", d.path("smsdrc"))
	return d
}
