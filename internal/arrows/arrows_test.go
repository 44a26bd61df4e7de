package arrows

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const top = "../.."

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = top
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for list := json.NewDecoder(out); ; found++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range Check(strings.TrimPrefix(p.ImportPath, module), p.Imports) {
			t.Error(wrong)
		}
	}
	if err := cmd.Wait(); err != nil || found < 5 {
		t.Fatalf("go list: %v, %d packages", err, found)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		folder, imports string
		wrong           bool
	}{
		{"smsengine", module + "smsengine/phone", true},
		{"smsengine", "net/http", false},
		{"smsengine/phone", module + "smsengine", true},
		{"smsengine/phone", "os", true},
		{"smsengine/stage", module + "smsengine/account", false},
		{"smsengine/stage", module + "smsengine/store/sqlite", true},
		{"smsengine/gateway/modem", module + "smsengine", false},
		{"smsengine/gateway/modem", module + "smsengine/gateway/sim", true},
		{"smsengine/gateway/modem", module + "smsengine/gateway/modem/at", false},
		{"smsengine/store/sqlite", module + "transport", true},
		{"mailbridge", module + "smsengine/stage", true},
		{"transport/lmtp", module + "mailbridge", false},
		{"transport/lmtp", module + "transport/control", true},
		{"transport", module + "transport/lmtp", true},
		{"milter", module + "cmd/postel/config", true},
		{"cmd/postel", module + "transport/lmtp", false},
		{"somewhere/new", "fmt", true},
	} {
		if wrong := Check(c.folder, []string{c.imports}); (len(wrong) > 0) != c.wrong {
			t.Errorf("%s importing %s: %q", c.folder, c.imports, wrong)
		}
	}
}

// The linter gives the same reasons, so nobody changes one and forgets the other.
func TestLinterKnowsTheReasons(t *testing.T) {
	b, err := os.ReadFile(top + "/.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), becausePure) {
		t.Errorf("the reason for purity is not in .golangci.yml: %s", becausePure)
	}
	for _, r := range Rules {
		if !strings.Contains(string(b), r.Because) {
			t.Errorf("%s: the reason is not in .golangci.yml: %s", r.Folder, r.Because)
		}
	}
}
