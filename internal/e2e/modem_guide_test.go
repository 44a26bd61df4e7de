package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// fenced gives the blocks of a guide in a language.
func fenced(guide, language string) (all []string) {
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(guide, -1) {
		all = append(all, m[1])
	}
	return all
}

// The guide is followed word by word, with an emulated modem. What would change the
// machine is played: the commands that need root only show that their files are there,
// and systemctl starts the service and waits until the modem has its network.
func TestConnectAModem(t *testing.T) {
	text, err := os.ReadFile("../../docs/modem.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(text)
	m := modem.Start(t, modem.EC25, modem.Options{PIN: "1234", USSD: map[string]string{"*100#": "Your balance is 3,50 EUR."}})
	blocks := fenced(guide, "toml")
	if len(blocks) != 2 {
		t.Fatalf("the guide has %d blocks of configuration", len(blocks))
	}
	device := regexp.MustCompile(`"/dev/serial/[^"]*"`)
	if !device.MatchString(blocks[0]) {
		t.Fatal("the guide names no port")
	}
	p := newPostel(t, "")
	p.edit("hostname", fmt.Sprintf("[address]\nphone_domains = [\"sms.example.org\"]\n[access]\ndomains = [\"example.org\"]\nsend = true\n[mail]\nto = \"maildir:%s/mail\"\n%s%s#", p.dir,
		device.ReplaceAllString(blocks[0], fmt.Sprintf("%q", m.Path())), blocks[1]))
	bin := filepath.Join(p.dir, "bin")
	play(t, p, bin, m.Path())

	sh := exec.Command("sh", "-eux", "-c", strings.Join(fenced(guide, "sh"), "\n"))
	sh.Dir, sh.Env = "../..", append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
	t.Cleanup(func() {
		if pid, err := os.ReadFile(filepath.Join(p.dir, "pid")); err == nil {
			var n int
			_, _ = fmt.Sscan(string(pid), &n)
			_ = syscall.Kill(n, syscall.SIGTERM)
		}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Quectel", "[gateway.modem]", "office  ready  registered"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	if got := texts(m, 1)[0]; got.Number != alice || got.Text != "The pump has stopped" {
		t.Errorf("the phone has %+v", got)
	}
	m.Receive(alice, "Coming")
	p.wait("the answer", func() error {
		mails, _ := filepath.Glob(filepath.Join(p.dir, "mail/new/*"))
		if len(mails) == 0 {
			return fmt.Errorf("no mail")
		}
		b, err := os.ReadFile(mails[0])
		if !strings.Contains(string(b), "Coming") {
			return fmt.Errorf("%w: %s", err, b)
		}
		return nil
	})
	p.wait("the alarm about the balance", func() error {
		out := p.run("modem", "status")
		if !strings.Contains(out, "alarm balance") || !strings.Contains(out, "3.5") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
}

// play puts commands into bin that stand for those of the machine.
func play(t *testing.T, p *postel, bin, port string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	real := fmt.Sprintf("case \"$1 $2\" in 'modem probe') exec %[1]s modem probe %[3]s ;; esac\nexec %[1]s \"$@\" -c %[2]s\n", path, p.config, port)
	for name, script := range map[string]string{
		"postel":  real,
		"usermod": "", "udevadm": "", "chown": "", "chmod": "",
		"install": "test -s \"$4\"\n",
		"systemctl": fmt.Sprintf("test \"$*\" = 'reload-or-restart postel' || exit 0\n%[1]s serve -c %[2]s >%[3]s/log 2>&1 &\necho $! >%[3]s/pid\n"+
			"until %[1]s modem status -c %[2]s >/dev/null 2>&1; do sleep 0.1; done\n", path, p.config, p.dir),
	} {
		if err := os.MkdirAll(bin, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh -e\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}
