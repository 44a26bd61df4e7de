package setup

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// afterSetup is an example in which setup has been, and then somebody else.
func afterSetup(t *testing.T, name string, breaks ...string) *example {
	t.Helper()
	e := newExample(t, name)
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	for _, b := range breaks {
		file, _, _ := strings.Cut(b, "+: ")
		now, _ := os.ReadFile(e.host.Path(filepath.Join(confDir, file)))
		e.breakIt(b, map[string]string{file: string(now)})
	}
	return e
}

// Where the files were changed since, undo takes back what is ours and leaves
// the rest.
func TestUndoLeavesTheChangesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		example string
		breaks  []string
		want    map[string]string // parameters that differ from before setup
	}{
		"an unrelated parameter": {"virtual.txtar", []string{"main.cf+: message_size_limit = 1000000\n"},
			map[string]string{"message_size_limit": "1000000"}},
		"more milters": {"virtual.txtar", []string{"-e|smtpd_milters={ unix:postel/milter, connect_timeout=5s, command_timeout=10s, content_timeout=30s, default_action=accept } inet:localhost:11332, inet:localhost:9"},
			map[string]string{"smtpd_milters": "inet:localhost:11332, inet:localhost:9", "dkim": ""}},
		"a list that did not exist": {"debian.txtar", []string{"-e|transport_maps=texthash:/etc/postfix/t, regexp:$config_directory/sms_transport.regexp", "t: example.com smtp:\n"},
			map[string]string{"transport_maps": "texthash:/etc/postfix/t"}},
		"ours is gone already": {"submission.txtar", []string{"-e|smtpd_recipient_restrictions=reject_unauth_destination", "-MX|sms/unix"},
			map[string]string{"smtpd_recipient_restrictions": "reject_unauth_destination", "strict_rules": ""}},
		"a service of master.cf": {"submission.txtar", []string{"-P|submission/inet/smtpd_tls_security_level=may", "-P|submissions/inet/smtpd_milters={unix:postel/milter,connect_timeout=5s,command_timeout=10s,content_timeout=30s,default_action=accept},inet:localhost:8893"},
			map[string]string{"submission/inet/smtpd_tls_security_level": "may", "submissions/inet/smtpd_milters": "inet:localhost:8893"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := everything(newExample(t, c.example).read())
			e := afterSetup(t, c.example, c.breaks...)
			u := e.undo()
			if len(u.Changed) == 0 || len(u.ByHand) > 0 {
				t.Fatalf("changed %q, by hand %q", u.Changed, u.ByHand)
			}
			if err := u.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			for name, value := range c.want {
				if before[name] = value; value == "" {
					delete(before, name)
				}
			}
			after := everything(e.read())
			if !maps.Equal(before, after) {
				for name := range before {
					if after[name] != before[name] {
						t.Errorf("%s is %q, want %q", name, after[name], before[name])
					}
				}
				for name := range after {
					if _, ok := before[name]; !ok {
						t.Errorf("%s = %q was left", name, after[name])
					}
				}
			}
			if u := e.undo(); u != nil {
				t.Error("there is something left to undo")
			}
		})
	}
}

// everything is all that main.cf and master.cf set.
func everything(p *Postfix) map[string]string {
	all := maps.Clone(p.Set)
	for _, s := range p.Services {
		all[s.ID()] = s.Command
		for name, value := range s.Raw {
			all[s.ID()+"/"+name] = value
		}
	}
	return all
}

// What cannot be taken back without guessing is said, and nothing is changed.
func TestUndoDoesNotGuess(t *testing.T) {
	for name, c := range map[string]struct{ breaks, says string }{
		"our guard rewritten":     {"-e|sms_guard=check_policy_service inet:127.0.0.1:10031", "sms_guard was changed since"},
		"our table rewritten":     {"sms_guard.regexp+: /./ sms_guard\n", "sms_guard.regexp was changed since"},
		"our transport rewritten": {"-M|sms/unix=sms unix - - n - 3 lmtp", "sms/unix was changed since"},
		"ours twice":              {"-e|relay_domains=sms.example.org, sms.example.org", "no longer has our entry as it was"},
	} {
		t.Run(name, func(t *testing.T) {
			e := afterSetup(t, "debian.txtar", c.breaks)
			before := e.tree()
			u := e.undo()
			if u == nil || !strings.Contains(strings.Join(u.ByHand, "\n"), c.says) {
				t.Fatalf("it is not said that %s: %+v", c.says, u)
			}
			if err := u.Do(context.Background()); err == nil {
				t.Error("undo did something")
			}
			e.wantTree(before)
		})
	}
}

// Setup, an edit by hand, setup for one more domain: undo goes back step by step.
func TestUndoOfTwoSetups(t *testing.T) {
	e := afterSetup(t, "debian.txtar", "main.cf+: message_size_limit = 1000000\n")
	between := e.tree()
	e.wanted.Domains = []string{"example.org"}
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	u := e.undo()
	if len(u.Changed) > 0 {
		t.Fatalf("changed: %q", u.Changed)
	}
	if err := u.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	e.wantTree(between)
	if u = e.undo(); len(u.Changed) != 1 || len(u.ByHand) > 0 {
		t.Fatalf("%+v", u)
	}
	if err := u.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, value := range e.read().Set {
		if strings.Contains(name+value, "sms") {
			t.Errorf("%s = %s was left", name, value)
		}
	}
}

// Whoever may write to the records could decide what root writes to main.cf.
func TestRecordsOfOthersAreRefused(t *testing.T) {
	e := afterSetup(t, "debian.txtar")
	dir := filepath.Dir(e.records.Dir)
	for name, how := range map[string]func() error{
		"writable": func() error { return os.Chmod(dir, 0o777) },
		"foreign":  func() error { return os.Chown(dir, 65534, -1) },
	} {
		if err := how(); err != nil {
			t.Fatal(err)
		}
		if _, err := e.records.Undo(e.host, nil); err == nil || !strings.Contains(err.Error(), "others may write") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// A file among the records that is not what was written there restores nothing.
func TestDamagedRecord(t *testing.T) {
	e := afterSetup(t, "debian.txtar")
	copies, err := filepath.Glob(filepath.Join(e.records.Dir, "1", "*-main.cf"))
	if err != nil || len(copies) != 1 {
		t.Fatal(copies, err)
	}
	if err := os.WriteFile(copies[0], []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := e.tree()
	if err := e.undo().Do(context.Background()); err == nil || !strings.Contains(err.Error(), "is not what was written there") {
		t.Errorf("got %v", err)
	}
	e.wantTree(before)
}

// The records are root's alone, and what is above them holds Postel's own
// configuration, which it must be able to read.
func TestRecordsLeaveRoomForTheConfiguration(t *testing.T) {
	e := newExample(t, "debian.txtar")
	etc := filepath.Join(t.TempDir(), "etc/postel")
	e.records = Records{filepath.Join(etc, "setup/postfix-etc-postfix")}
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]os.FileMode{etc: 0o755, filepath.Join(etc, "setup"): 0o700, e.records.Dir: 0o700} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}
