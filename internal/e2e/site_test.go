package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/control"
)

const (
	ourNumber = "+15555550100"
	alice     = "+15551234567"
	patience  = 30 * time.Second
)

// binary is bin/postel with the race detector, built once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "postel-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "postel")
	out, err := exec.Command("go", "build", "-race", "-gcflags=modernc.org/...=-d=checkptr=0", "-o", path, "../../cmd/postel").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// postel is a service under test: its directory, configuration and process.
type postel struct {
	t      *testing.T
	dir    string
	config string
	log    *os.File
	cmd    *exec.Cmd
	pid    int // of the service, which may run under another command
	ended  chan error
	wrap   []string // a command to run it under
	env    []string // what its environment has besides
}

// newPostel writes the configuration. Its state is in dir/state.
func newPostel(t *testing.T, config string) *postel {
	t.Helper()
	p := &postel{t: t, dir: t.TempDir()}
	p.config = filepath.Join(p.dir, "postel.toml")
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	p.log = log
	if err := os.Mkdir(p.state(), 0o700); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("state = %q\nhostname = \"mx.example.org\"\n", p.state())
	if err := os.WriteFile(p.config, []byte(head+config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.stop()
		}
		b, _ := os.ReadFile(log.Name())
		if t.Failed() {
			t.Logf("the end of postel's log:\n%s", b[max(0, len(b)-8000):])
		}
		if i := bytes.Index(b, []byte("DATA RACE")); i >= 0 {
			t.Errorf("postel has a data race:\n%s", b[max(0, i-100):min(len(b), i+4000)])
		}
	})
	return p
}

func (p *postel) state() string { return filepath.Join(p.dir, "state") }

// start starts the service and waits until it answers.
func (p *postel) start() {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	args := append(append([]string{}, p.wrap...), path, "serve", "-c", p.config)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.pid = p.cmd.Process.Pid
	p.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait() }(p.cmd, p.ended)
	p.wait("postel to answer", func() error {
		select {
		case err := <-p.ended:
			p.cmd = nil
			p.t.Fatalf("postel ended: %v", err)
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		status, err := p.control().Status(ctx)
		if err == nil {
			p.pid = status.PID
		}
		return err
	})
}

// kill ends the service as a power failure of the process alone would.
func (p *postel) kill() {
	p.t.Helper()
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	<-p.ended
	p.cmd = nil
}

// stop ends the service as systemd does, and wants it to end well.
func (p *postel) stop() {
	p.t.Helper()
	_ = syscall.Kill(p.pid, syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("postel ended with %v", err)
		}
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		p.t.Error("postel did not end on SIGTERM")
	}
	p.cmd = nil
}

// apply has the service take its configuration, running or not.
func (p *postel) apply() {
	p.t.Helper()
	if p.cmd == nil {
		p.start()
		return
	}
	p.run("reload")
}

func (p *postel) control() *control.Client {
	return control.NewClient(filepath.Join(p.state(), "control.sock"))
}

// run runs a postel command with this configuration and gives what it prints.
func (p *postel) run(args ...string) string {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, "-c", p.config)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("postel %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// inbox waits until a phone has got n texts in all and gives them.
func (p *postel) inbox(number string, n int) []control.Text {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := p.control()
	defer c.Close()
	in, err := c.SimWait(ctx, number, n)
	if err != nil || len(in.Texts) < n {
		p.t.Fatalf("%s has %d texts, not %d: %v %+v", number, len(in.Texts), n, err, in.Texts)
	}
	return in.Texts
}

// store opens the database beside the service, or after it.
func (p *postel) store() *sqlite.Store {
	p.t.Helper()
	s, err := sqlite.Open(filepath.Join(p.state(), "postel.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

// settle waits until no message is on its way any more. As long as fewer and
// fewer are, it is patient.
func (p *postel) settle() map[smsengine.Kind]map[smsengine.State]int {
	p.t.Helper()
	s := p.store()
	least, deadline := -1, time.Now().Add(patience)
	for ; ; time.Sleep(20 * time.Millisecond) {
		counts, err := s.Counts(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		waiting := 0
		for _, by := range counts {
			waiting += by[smsengine.Ready] + by[smsengine.Sending]
		}
		if waiting == 0 {
			return counts
		}
		if least < 0 || waiting < least {
			least, deadline = waiting, time.Now().Add(patience)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("messages do not settle: %v", counts)
		}
	}
}

func (p *postel) wait(what string, condition func() error) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waited for %s: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// site is a whole installation: Postfix, Dovecot, Postel.
type site struct {
	*postel
	host    *testbed.Host
	dovecot *testbed.Dovecot
	postfix *testbed.Postfix
}

// newSite starts Postfix and Dovecot, and Postel beside them as
// contrib/postfix says. more is added to its configuration.
func newSite(t *testing.T, more string) *site {
	t.Helper()
	h := testbed.NewHost(t)
	s := &site{host: h, dovecot: h.StartDovecot(testbed.John, testbed.Mary)}
	s.postfix = h.StartPostfix(testbed.Options{})
	socket := func(name string) string {
		return fmt.Sprintf("listen = \"unix:%s/%s\"\npeers = [%q]\n", s.postfix.PostelDir(), name, testbed.MailOwner)
	}
	s.postel = newPostel(t, `
[address]
phone_domains = ["sms.example.org"]
domains = ["example.org"]
bare_numbers = true
[access]
domains = ["example.org"]
send = true
monthly_limit = 50
[milter]
`+socket("milter")+`
[policy]
`+socket("policy")+`
[lmtp]
`+socket("lmtp")+`
[mail]
to = "smtp:`+s.postfix.SMTP+`"
[[gateway]]
id = "sim"
type = "sim"
number = "`+ourNumber+`"
default_recipient = "mary@example.org"
[gateway.sim]
receipt_delay = "10ms"
`+more)
	s.start()
	return s
}

// edit changes the configuration, between stop and start.
func (p *postel) edit(old, replacement string) {
	p.t.Helper()
	b, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	changed := strings.Replace(string(b), old, replacement, 1)
	if changed == string(b) {
		p.t.Fatalf("the configuration has no %q", old)
	}
	if err := os.WriteFile(p.config, []byte(changed), 0o600); err != nil {
		p.t.Fatal(err)
	}
}
