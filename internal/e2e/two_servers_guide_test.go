package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

// The guide is followed word by word on two servers. What is played: the files of
// /etc/postel are elsewhere, the servers' names and ports are others, systemctl is
// the test, and what one server prints is carried to the other.
func TestTwoServersGuide(t *testing.T) {
	t.Parallel()
	g := newGuided(t)
	text, err := os.ReadFile("../../docs/two-servers.md")
	if err != nil {
		t.Fatal(err)
	}
	section := func(server int, heading string) string {
		_, behind, ok := strings.Cut(string(text), "\n## "+heading)
		if !ok {
			t.Fatalf("the guide has no section %q", heading)
		}
		one, _, _ := strings.Cut(behind, "\n## ")
		return g.servers[server-1].names.Replace(one)
	}
	one, two := g.servers[0], g.servers[1]
	two.edit("[[gateway]]\nid = \"sim\"\ntype = \"sim\"\nnumber = \""+ourNumber+"\"\ndefault_recipient = \"mary@example.org\"\n[gateway.sim]\nreceipt_delay = \"10ms\"\n", "")
	bare, _ := os.ReadFile(two.config)

	step := section(1, "Step 1, on server 1")
	one.edit("[mail]\n", fenced(step, "toml")[0]+"webhook_networks = [\"127.0.0.0/8\"]\n[mail]\n") // as step 3 says
	password := strings.TrimSpace(strings.SplitAfterN(one.follow(step), "\n", 2)[0])
	step = section(2, "Step 2, on server 2")
	two.edit("[mail]\n", fenced(step, "toml")[0]+"[mail]\n")
	two.typed = typed(step, password, "")[0]
	address := regexp.MustCompile(`https://localhost\S+/hooks/office/\S+`).FindString(two.follow(step))
	out := one.follow(section(1, "Step 3, on server 1"), "ADDRESS="+address)
	out = two.follow(section(2, "Step 4, on server 2"), "SECRET="+regexp.MustCompile(`whsec_\S+`).FindString(out))
	if !strings.Contains(out, "delivered: the phone has it") {
		t.Errorf("the text is on its way as far as\n%s", out)
	}
	texts(g.modem, 1)
	g.converse("m1", "+15551234567@sms.example.org", 1)

	// The same in the words of the manual, with what the first way has left removed.
	step = section(2, "In the words of IceWarp's manual")
	two.stop()
	if err := os.WriteFile(two.config, bare, 0o600); err != nil {
		t.Fatal(err)
	}
	two.edit("[mail]\n", fenced(step, "toml")[0]+"[mail]\n")
	for name, line := range map[string]string{"manual.deliver": "1234567\n", "manual.secrets": strings.Replace(fenced(step, "secrets")[0], "PASSWORD", password, 1)} {
		if err := os.WriteFile(filepath.Join(two.dir, name), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	two.start()
	one.run("webhook", "remove", "server2")
	one.follow(section(1, "In the words of IceWarp's manual"))
	g.converse("m2", "+15551234567@sms.example.org", 2)
}

// guided are two servers of which nothing is set up but what the guide takes for
// granted.
type guided struct {
	t       *testing.T
	modem   *modem.Modem
	servers [2]*follower
}

// follower is one of them.
type follower struct {
	*site
	names *strings.Replacer // what is called otherwise here
	typed string            // answers to questions
}

func newGuided(t *testing.T) *guided {
	t.Helper()
	g := &guided{t: t, modem: modem.Start(t, modem.EC25, modem.Options{})}
	door, hooks, manual := freePort(t), freePort(t), freePort(t)
	host := func(address string) string {
		return "https://localhost" + address[strings.LastIndexByte(address, ':'):]
	}
	bundle := ""
	for i := range g.servers {
		s := newSite(t, "[queue]\nretry_first = \"1s\"\n")
		s.stop()
		s.certify(int64(i + 1))
		pem, err := os.ReadFile(filepath.Join(s.dir, "cert.pem"))
		if err != nil {
			t.Fatal(err)
		}
		bundle += string(pem)
		http := []string{door, manual}[i]
		g.servers[i] = &follower{site: s, names: strings.NewReplacer(
			"/etc/postel/server.pem", filepath.Join(s.dir, "cert.pem"), "/etc/postel/server.key", filepath.Join(s.dir, "key.pem"), "/etc/postel", s.dir,
			"inet:0.0.0.0:8027", "inet:"+http, "inet:0.0.0.0:8026", "inet:"+hooks,
			"https://server1.example.org:8027", host(door), "https://server2.example.org:8026", host(hooks), "https://server2.example.org:8027", host(manual),
		)}
	}
	for _, s := range g.servers {
		trusted := filepath.Join(s.dir, "trusted.pem")
		if err := os.WriteFile(trusted, []byte(bundle), 0o600); err != nil {
			t.Fatal(err)
		}
		s.env = []string{"SSL_CERT_FILE=" + trusted}
	}
	one := g.servers[0]
	one.edit("type = \"sim\"", "type = \"modem\"")
	one.edit("[gateway.sim]\nreceipt_delay = \"10ms\"", fmt.Sprintf("[gateway.modem]\ndevice = %q\n", g.modem.Path()))
	return g
}

// follow runs the commands of a section and gives what they print.
func (s *follower) follow(section string, environment ...string) string {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	bin := filepath.Join(s.dir, "bin")
	place(s.t, filepath.Join(bin, "postel"), fmt.Sprintf("#!/bin/sh\nexec %s \"$@\" -c %s\n", path, s.config))
	if err := os.Chmod(filepath.Join(bin, "postel"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	var printed strings.Builder
	for command := range strings.Lines(strings.Join(fenced(section, "sh"), "")) {
		if strings.TrimSpace(command) == "systemctl reload-or-restart postel" {
			s.apply()
			continue
		}
		sh := exec.Command("sh", "-euc", command)
		sh.Dir, sh.Stdin = s.dir, strings.NewReader(s.typed)
		sh.Env = slices.Concat(os.Environ(), s.env, environment, []string{"PATH=" + bin + ":" + os.Getenv("PATH")})
		out, err := sh.CombinedOutput()
		printed.Write(out)
		if err != nil {
			s.t.Fatalf("%s: %v\n%s", command, err, printed.String())
		}
	}
	return printed.String()
}

// converse has John of the second server write to Alice, and Alice answer: that is
// his n-th mail.
func (g *guided) converse(id, to string, n int) {
	g.t.Helper()
	two := g.servers[1]
	sent := len(g.modem.Texts())
	two.postfix.Submit(testbed.John, []string{to}, write(id, to, "", "Is it you, "+id+"?"))
	if got := texts(g.modem, sent+1)[sent]; got.Number != alice || got.Text != "Is it you, "+id+"?" {
		g.t.Errorf("the phone has %+v", got)
	}
	two.settle()
	g.modem.Receive(alice, "It is, "+id)
	answer, body := parse(g.t, two.dovecot.WaitInbox(testbed.John, n)[n-1])
	if got := answer.Header.Get("In-Reply-To"); got != "<"+id+"@client.example.org>" || !strings.Contains(body, "It is, "+id) {
		g.t.Errorf("John has %q in reply to %q", body, got)
	}
}
