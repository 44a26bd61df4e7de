package sasl_test

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/transport/sasl"
)

// The real saslauthd, with a password file of its own (sasldb).
func TestRealSaslauthd(t *testing.T) {
	h := testbed.NewHost(t)
	if _, err := os.Stat(h.Path("usr/sbin/saslauthd")); err != nil {
		t.Skip("the test bed has no saslauthd: ", err)
	}
	if err := os.MkdirAll(h.Path("run/saslauthd"), 0o755); err != nil {
		t.Fatal(err)
	}
	inside := func(name string, arg ...string) *exec.Cmd {
		cmd := exec.Command(name, arg...)
		cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: h.Root, Pdeathsig: syscall.SIGKILL}
		return cmd
	}
	add := inside("/usr/sbin/saslpasswd2", "-p", "-c", "-u", "example.org", "john")
	add.Stdin = strings.NewReader("secret")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("saslpasswd2: %v: %s", err, out)
	}
	daemon := inside("/usr/sbin/saslauthd", "-d", "-a", "sasldb", "-m", "/run/saslauthd", "-n", "1")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})

	c, err := sasl.New("saslauthd:"+h.Path("run/saslauthd/mux"), sasl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	verify := func(user, password string) error {
		return c.Verify(t.Context(), user, password, netip.MustParseAddr("127.0.0.1"), true)
	}
	for deadline := time.Now().Add(20 * time.Second); verify("john@example.org", "secret") != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the right password: ", verify("john@example.org", "secret"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, wrong := range [][2]string{{"john@example.org", "guess"}, {"mary@example.org", "secret"}, {"john@example.com", "secret"}} {
		if err := verify(wrong[0], wrong[1]); !errors.Is(err, sasl.ErrDenied) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
