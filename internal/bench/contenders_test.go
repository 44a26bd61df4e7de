//go:build bench

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// gateway is one of those that are compared, in front of a network that answers
// at once.
type gateway struct {
	sink    *sink
	pids    []int
	load    func(sessions, texts int, name string) error
	settled func(all int) error // waits until nothing is left to do
}

// cpu is what its processes have used so far.
func (g gateway) cpu() (all time.Duration) {
	for _, pid := range g.pids {
		used, _ := usage(pid)
		all += used
	}
	return all
}

// password is that of the account for HTTP.
const password = "right-battery-horse"

// startPostel takes texts by HTTP, startMail by LMTP.
func startPostel(t testing.TB) gateway {
	g, dir := servePostel(t)
	g.load = func(sessions, texts int, name string) error {
		return request(dir.http, 200, "/sms/?user=bench&pass="+password+"&number=%%2B1555%07d&data=%s", sessions, texts, name)
	}
	return g
}

func startMail(t testing.TB) gateway {
	g, dir := servePostel(t)
	g.load = func(sessions, texts int, name string) error { return load(dir.lmtp, sessions, texts, name) }
	return g
}

// doors are where a Postel listens.
type doors struct{ http, lmtp string }

// servePostel starts one that is configured as that of bench is, but sends by
// HTTP and takes texts by HTTP, too.
func servePostel(t testing.TB) (gateway, doors) {
	g := gateway{sink: newSink(t)}
	dir := t.TempDir()
	d := doors{freePort(t), filepath.Join(dir, "lmtp")}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.Chmod(dir, 0o700)) // a state directory
	text := fmt.Sprintf(config, dir, "warn")
	text = strings.Replace(text[:strings.Index(text, "[gateway.sim]")], `type = "sim"`, `type = "http"`, 1) +
		fmt.Sprintf("[gateway.http]\nprovider = \"generic-url\"\nsecrets_file = \"%s/secrets\"\n[http]\nlisten = \"inet:%s\"\nrate = 0\n", dir, d.http)
	file := filepath.Join(dir, "postel.toml")
	check(os.WriteFile(file, []byte(text), 0o600))
	check(os.WriteFile(filepath.Join(dir, "secrets"), []byte("url=http://"+g.sink.address+"/text?from=%sender%&to=%number%&text=%data%&coding=0\n"), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	check(err)
	cmd := exec.Command(*binary, "serve", "-c", file)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("postel says\n%s", b[:min(len(b), 4000)])
		}
		log.Close()
	})
	conn, err := dial(d.lmtp) // when it listens
	check(err)
	conn.Close()
	add := exec.Command(*binary, "account", "add", "-c", file, "--owns", "bench@example.org", "--password-stdin", "bench")
	add.Stdin = strings.NewReader(password)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	g.pids = []int{cmd.Process.Pid}
	g.settled = func(all int) error {
		store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer store.Close()
		return settled(store, all)
	}
	return g, d
}

// freePort gives an address at which nobody listens.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startKannel(t testing.TB) gateway {
	g := gateway{sink: newSink(t)}
	k := testbed.NewHost(t).StartKannel(testbed.KannelOptions{
		Lines:   "group = sendsms-user\nusername = bench\npassword = " + password + "\n",
		Pending: 50, Quiet: true, Elsewhere: "http://" + g.sink.address + "/text",
	})
	g.pids = k.PIDs()
	g.load = func(sessions, texts int, name string) error {
		return request(strings.TrimPrefix(k.URL, "http://"), 202, "/cgi-bin/sendsms?username=bench&password="+password+
			"&from=%%2B15555550100&charset=UTF-8&coding=0&to=%%2B1555%07d&text=%s", sessions, texts, name)
	}
	g.settled = func(int) error { k.WaitEmpty(); return nil }
	return g
}
