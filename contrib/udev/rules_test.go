package udev

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const rules = "70-postel-modem.rules"

// token is a match or an assignment (udev(7)).
var token = regexp.MustCompile(`^(ACTION|KERNEL|SUBSYSTEM|ENV\{[A-Z_]+\}|ATTR\{[A-Za-z]+\}|GROUP|MODE|SYMLINK|GOTO|LABEL)(==|!=|=|\+=)"[^"]+"$`)

// What udev would pass over with a line in the log that nobody reads is wrong here,
// in the examples, too.
func TestSyntax(t *testing.T) {
	b, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	jumps, examples, labels := 0, 0, map[string]bool{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#SUBSYSTEM") {
			line = line[1:]
			examples++
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, part := range strings.Split(line, ",") {
			part = strings.TrimSpace(part)
			if !token.MatchString(part) {
				t.Errorf("%s: %s", part, line)
			}
			if label, ok := strings.CutPrefix(part, "GOTO="); ok {
				jumps++
				labels[label] = false
			} else if label, ok := strings.CutPrefix(part, "LABEL="); ok {
				labels[label] = true
			}
		}
	}
	if labels[`"postel_modem_end"`] != true || len(labels) != 1 || jumps != 1 || examples != 4 {
		t.Errorf("labels %v, %d jumps, %d examples", labels, jumps, examples)
	}
}

// udev's own opinion, where there is one that can be asked without installing.
func TestUdev(t *testing.T) {
	if exec.Command("udevadm", "verify", "--help").Run() != nil {
		t.Log("no udevadm here can verify (systemd 254 and later): the form was checked above, by us")
		return
	}
	if out, err := exec.Command("udevadm", "verify", "--resolve-names=never", rules).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
