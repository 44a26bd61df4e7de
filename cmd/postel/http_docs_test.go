package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/webhook"
)

// TestDocumentedRequests runs the requests of the guides as they are printed, but
// for the port, against a service with the guide's configuration. Each must be
// answered by success.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	out, log, dir, ended := runGuide(t, "http-send.md", func(dir string, ended <-chan error) {
		arrives(t, dir+"/Maildir/new", "I am late", ended)
	})
	if ok, twice := strings.Count(out, "\nOK "), strings.Count(out, " duplicate\n"); ok < 7 || twice != 1 {
		t.Errorf("%d answers are OK, %d a duplicate:\n%s", ok, twice, out)
	}
	if ended != nil {
		t.Errorf("the service: %v", ended)
	}
	password, _ := os.ReadFile(dir + "/shop.password")
	if len(password) < 20 || strings.Contains(log, strings.TrimSpace(string(password))) || strings.Contains(log, "pass=") {
		t.Errorf("the log:\n%s", log)
	}
}

// TestDocumentedAPI does the same with the guide to the JSON interface.
func TestDocumentedAPI(t *testing.T) {
	t.Parallel()
	out, log, dir, ended := runGuide(t, "http-api.md", func(string, <-chan error) {})
	for _, want := range []string{
		`"state":"delivered"`, `"text":"Tomorrow at nine"`, `{"messages":[],"next":"`, `"number":"+15551234568"`, `"state":"cancelled"`,
		`"limit":2000`, "revoked token", `"taken":true`, "message.delivered 0", "message.received 0", `{"retried":0,"more":false}`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %s:\n%s", want, out)
		}
	}
	if ended != nil {
		t.Errorf("the service: %v", ended)
	}
	for file, begin := range map[string]string{"shop.token": "postel_", "webhook.secret": "whsec_"} {
		said, _ := os.ReadFile(filepath.Join(dir, file))
		_, secret, ok := strings.Cut(string(said), begin)
		if !ok || strings.Contains(log, strings.TrimSpace(secret)) {
			t.Errorf("the log has what is in %s:\n%s", file, log)
		}
	}
}

// TestDocumentedWebhooks does the same with the guide to webhooks, and holds its
// table to the variables that there are.
func TestDocumentedWebhooks(t *testing.T) {
	t.Parallel()
	out, log, _, ended := runGuide(t, "webhooks.md", func(string, <-chan error) {})
	for _, want := range []string{"webhook branch hears of all accounts: received", "&pass=…", "no call failed", "removed branch"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %s:\n%s", want, out)
		}
	}
	if ended != nil || strings.Contains(log, "branch-password") {
		t.Errorf("the service: %v, its log:\n%s", ended, log)
	}
	guide, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(guide)
	for _, v := range webhook.Variables {
		var found bool
		if _, rest, found = strings.Cut(rest, "| `%%"+v.Name+"%%` | "); !found {
			t.Fatalf("%%%%%s%%%% is not in the table, or not in its place", v.Name)
		}
	}
}

// runGuide runs a guide's commands beside a service with its configuration, and
// then what else is to be waited for.
func runGuide(t *testing.T, name string, then func(dir string, ended <-chan error)) (out, log, dir string, failed error) {
	t.Helper()
	postel, err := exec.LookPath("postel")
	if err != nil {
		t.Fatal(err)
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	guide, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("python3"); err != nil && bytes.Contains(guide, []byte("python3")) {
		t.Skip("there is no python3")
	}
	address := freeAddress(t)
	text := strings.NewReplacer("127.0.0.1:8027", address, "127.0.0.1:8028", freeAddress(t)).Replace(string(guide))
	dir = t.TempDir()
	for name, contents := range map[string]string{
		"postel.toml":    strings.ReplaceAll(base, "$DIR", dir) + "[access]\ndomains = [\"example.org\"]\n" + strings.Join(blocks(text, "toml"), "\n"),
		"office.deliver": "1234567\n",
		"bin/postel":     "#!/bin/sh\nexec " + postel + ` "$@" -c ` + dir + "/postel.toml\n",
		"bin/curl":       "#!/bin/sh\nexec " + curl + ` --fail-with-body -sS "$@"` + "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	service := exec.Command(dir+"/bin/postel", "serve")
	service.Dir, service.Stderr = dir, &said
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()
	answers(t, address, ended)
	sh := exec.CommandContext(t.Context(), "sh", "-eux")
	sh.Dir, sh.Stdin = dir, strings.NewReader(strings.Join(blocks(text, "sh"), "\n"))
	sh.Env = append(os.Environ(), "PATH="+dir+"/bin:"+os.Getenv("PATH"))
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with what it leaves running
	printed, err := sh.CombinedOutput()
	if sh.Process != nil {
		_ = syscall.Kill(-sh.Process.Pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, printed)
	}
	then(dir, ended)
	_ = service.Process.Signal(syscall.SIGTERM)
	failed = <-ended
	return string(printed), said.String(), dir, failed
}

// arrives waits for a mail that has the words.
func arrives(t *testing.T, folder, words string, ended <-chan error) {
	t.Helper()
	for {
		mails, _ := filepath.Glob(folder + "/*")
		for _, m := range mails {
			if b, err := os.ReadFile(m); err == nil && bytes.Contains(b, []byte(words)) {
				return
			}
		}
		waitABit(t, ended, "no mail says "+words)
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers waits until somebody listens at the address.
func answers(t *testing.T, address string, ended <-chan error) {
	t.Helper()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		waitABit(t, ended, "the service does not listen")
	}
}

// waitABit waits a little, and fails where more of it is no use.
func waitABit(t *testing.T, ended <-chan error, why string) {
	t.Helper()
	select {
	case err := <-ended:
		t.Fatalf("the service ended: %v", err)
	case <-t.Context().Done():
		t.Fatal(why)
	case <-time.After(20 * time.Millisecond):
	}
}
