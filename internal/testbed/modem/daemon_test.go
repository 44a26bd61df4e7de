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
	t   *testing.T
	dir string
}

// newDaemon makes a directory with subdirectories.
func newDaemon(t *testing.T, dirs ...string) *daemon {
	t.Helper()
	d := &daemon{t, t.TempDir()}
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

// run runs the program for the rest of the test, in a process group of its own.
func (d *daemon) run(program string, arg ...string) {
	d.t.Helper()
	argv := append(testbed.TextTool(d.t, program), arg...)
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
	release := keep(d.t, cmd.Process.Pid)
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

// smstools' smsd sends, receives and gets a report, as on a real modem.
func TestSmstools(t *testing.T) {
	for _, c := range []struct {
		p     modem.Personality
		init  string
		scale float64
		rest  int // seconds after the PIN: smsd gives up where AT+CPIN? is answered with "busy"
	}{
		{modem.E220, "AT+CNMI=2,1,0,2", 0, 1},
		{modem.ES75, "AT+CNMI=2,1,0,2,1", 0.3, 4},
		{modem.MTCBA, "AT+CNMI=2,1,0,1,0", 0, 1},
		{modem.SIM800, "AT+CNMI=2,1,0,1,0", 0, 1},
	} {
		t.Run(c.p.Name, func(t *testing.T) {
			t.Parallel()
			m := modem.Start(t, c.p, modem.Options{PIN: "1234", Scale: c.scale})
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
`, d.dir, m.Path(), c.init, c.p.FirstIndex, c.rest))
			d.run("usr/sbin/smsd", "-c", d.path("smsd.conf"), "-t")

			d.write("outgoing/one", "To: 15555550123\n\nHello from smstools\n")
			part := m.WaitSent(1)[0]
			if part.Number != "+15555550123" || part.Text != "Hello from smstools" || !part.ReportAsked {
				t.Errorf("the phone got %+v", part)
			}
			d.wait("sent/one", "Message_id: 1")
			d.wait("report/*", "Message_id: 1")

			m.Receive("+15555550124", "Hello to smstools, 10 € @ home")
			m.Deliver(modem.Incoming{From: "Example", Text: "Ωraio 😀 " + strings.Repeat("ж", 70)})
			d.wait("incoming/*", "Hello to smstools")
			got := d.wait("incoming/*", "From: Example")
			if !strings.Contains(got, "UCS2") {
				t.Errorf("received %q", got)
			}
			long := strings.Repeat("0123456789", 17)
			d.write("outgoing/two", "To: 15555550123\n\n"+long+"\n")
			m.WaitSent(3)
			if texts := m.Texts(); texts[len(texts)-1].Text != long {
				t.Errorf("the phone shows %q", texts[len(texts)-1].Text)
			}
			if tried := m.SIM().Attempts(); len(tried) != 1 {
				t.Errorf("PINs tried: %q", tried)
			}
		})
	}
}

// So does gammu-smsd. It gets cards without a PIN: it takes "SMS Ready" and the
// like, which come once the PIN was given, for the answer to its next command.
func TestGammu(t *testing.T) {
	for _, p := range []modem.Personality{modem.E1556, modem.EC25, modem.SIM800} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			m := modem.Start(t, p, modem.Options{})
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
			d.write("outbox/OUTC20261123_120000_00_+15555550123_sms0.txtd", "Hello from gammu")
			part := m.WaitSent(1)[0]
			if part.Number != "+15555550123" || part.Text != "Hello from gammu" || !part.ReportAsked {
				t.Errorf("the phone got %+v", part)
			}
			m.Receive("+15555550124", "Hello to gammu")
			d.wait("inbox/*", "Hello to gammu")
			if p.Name == modem.EC25.Name {
				// It has a memory for reports, which gammu does not read (its issue 408).
				m.Wait("the report", func() bool { n, _ := m.Stored("SR"); return n == 1 })
				return
			}
			d.wait("inbox/*", "Delivered")
			if !p.USB {
				return
			}
			m.Unplug() // gammu opens the port again after three errors
			d.write("outbox/OUTC20261123_120001_00_+15555550123_sms0.txt", "Still there?")
			d.wait("log", "Input/output error")
			m.Plug()
			if last := m.WaitSent(2)[1]; last.Text != "Still there?" {
				t.Errorf("the phone got %+v", last)
			}
		})
	}
}
