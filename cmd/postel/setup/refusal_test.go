package setup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What setup cannot do without guessing it refuses, and says what to do.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		breaks string
		want   func(*Wanted)
		says   string
	}{
		"phone domain is ours":       {"-e|mydestination=example.org, sms.example.org", nil, "the phone domain sms.example.org is in mydestination already"},
		"phone domain has mailboxes": {"-e|virtual_mailbox_domains=sms.example.org", nil, "is in virtual_mailbox_domains already"},
		"domain of aliases":          {"-e|virtual_alias_domains=example.net", func(w *Wanted) { w.Domains = []string{"example.net"} }, "is in virtual_alias_domains"},
		"foreign domain":             {"", func(w *Wanted) { w.Domains = []string{"example.com"} }, "example.com is not a domain of this Postfix"},
		"another transport sms":      {"-M|sms/unix=sms unix - n n - - pipe flags=R user=sms argv=/bin/true", nil, "a transport sms that is something else"},
		"a table that is gone":       {"-e|mydestination=texthash:/etc/postfix/gone", nil, "it cannot be seen whether"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, "debian.txtar")
			if c.breaks != "" {
				e.breakIt(c.breaks, nil)
			}
			if c.want != nil {
				c.want(&e.wanted)
			}
			e.refuses(c.says)
		})
	}
}

// refuses wants a Refusal that says this.
func (e *example) refuses(says string) {
	e.Helper()
	_, err := e.read().Plan(context.Background(), e.wanted)
	refusal, ok := errors.AsType[Refusal](err)
	if !ok || !strings.Contains(refusal.What, says) || refusal.Remedy == "" {
		e.Errorf("it does not say that %s: %v", says, err)
	}
}

// postconf would put a file in the place of a link.
func TestLinksAreRefused(t *testing.T) {
	e := newExample(t, "debian.txtar")
	path := e.host.Path(filepath.Join(confDir, "main.cf"))
	if err := errors.Join(os.Rename(path, path+".real"), os.Symlink("main.cf.real", path)); err != nil {
		t.Fatal(err)
	}
	e.refuses("main.cf is not an ordinary file")
}

// A further instance of Postfix has a directory of its own, and a relative name
// of it is refused: Postfix would ignore that.
func TestAnotherInstance(t *testing.T) {
	e := newExample(t, "debian.txtar")
	ctx := context.Background()
	if _, err := ReadPostfix(ctx, e.host, "etc/postfix"); err == nil || !strings.Contains(err.Error(), "not an absolute path") {
		t.Errorf("a relative directory: %v", err)
	}
	e.read() // makes the files look old
	const out = "/etc/postfix-out"
	if err := os.Rename(e.host.Path(confDir), e.host.Path(out)); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPostfix(ctx, e.host, out)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Plan(ctx, e.wanted)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := plan.Stage(ctx, e.host)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range staged.Commands() {
		if strings.Contains(c, confDir+" ") || strings.Contains(c, confDir+"/") {
			t.Errorf("it is about another instance: %s", c)
		}
	}
	if diff := staged.Diff(); !strings.Contains(diff, "+++ "+out+"/main.cf\n") || strings.Contains(diff, confDir+"/") {
		t.Errorf("the diff is about another instance:\n%s", diff)
	}
}

// Nobody's edit between plan and apply is lost.
func TestEditInBetween(t *testing.T) {
	e := newExample(t, "debian.txtar")
	staged, err := e.plan().Stage(context.Background(), e.host)
	if err != nil {
		t.Fatal(err)
	}
	e.write("main.cf", e.files["main.cf"]+"message_size_limit = 1000000\n")
	before := e.tree()
	err = staged.Apply(context.Background(), e.records, false, func(string, ...any) {})
	if err == nil || !strings.Contains(err.Error(), "has changed meanwhile") {
		t.Errorf("got %v", err)
	}
	e.wantTree(before)
}
