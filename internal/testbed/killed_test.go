package testbed_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
)

const victim = "POSTEL_TESTBED_VICTIM"

// TestVictim is the process that TestDaemonsDieWithTheTest kills; alone it
// does nothing.
func TestVictim(t *testing.T) {
	if os.Getenv(victim) == "" {
		return
	}
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{})
	fmt.Println("VICTIM", h.Root, d.IMAP, p.SMTP)
	select {}
}

// A test that is killed cannot clean up, and leaves nothing behind all the same.
func TestDaemonsDieWithTheTest(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victim+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var root string
	var addrs []string
	for lines := bufio.NewScanner(out); root == "" && lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 4 && words[0] == "VICTIM" {
			root, addrs = words[1], words[2:]
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if root == "" {
		t.Fatal("the victim did not start its daemons")
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(root)
		if os.IsNotExist(err) && !accepts(addrs[0]) && !accepts(addrs[1]) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after its test was killed: %s: %v; %s accepts: %v, %s accepts: %v",
				root, err, addrs[0], accepts(addrs[0]), addrs[1], accepts(addrs[1]))
		}
	}
}

func accepts(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}
