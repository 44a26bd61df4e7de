package testbed

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
)

// MailOwner is the user, by the machine's own list of users, as whom Postfix
// runs: the peer that connects to Postel's sockets. (In its root directory
// Postfix calls it "postfix", which a machine without Postfix does not know.)
const MailOwner = "mail"

// The numbers of the users and groups in etc/passwd and etc/group.
const (
	postfixID  = 8
	postdropID = 60002
	vmail      = 60005
)

// Options say what is particular about a Postfix.
type Options struct {
	// Percent adds contrib/postfix/percent.cf, for addresses with % and the like.
	Percent bool
	// Main are further lines for main.cf. They have the last word.
	Main string
	// Master are further lines for master.cf.
	Master string
	// Aliases are the lines of /etc/aliases: "name: target".
	Aliases string
	// Includes are files for aliases to include, in /etc/lists.
	Includes map[string]string
	// Virtual are the lines of virtual_alias_maps: "address target".
	Virtual string
	// Lists are the mailing lists that mlmmj keeps.
	Lists []List
}

// Postfix is a running Postfix with the lines of contrib/postfix.
type Postfix struct {
	mta
	master *process
}

// StartPostfix starts Postfix. Where Dovecot is to deliver and to check
// passwords it was started before. Postel may come later.
func (h *Host) StartPostfix(o Options) *Postfix {
	h.t.Helper()
	p := &Postfix{mta: h.newMTA()}
	if err := errors.Join(h.makeQueueDirs(), p.writeConfiguration(o), p.newAliases()); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	h.showAtFailure("var/log/mail.log")
	p.master = h.start("/usr/lib/postfix/sbin/master", "-d")
	h.wait("Postfix to answer", p.answers)
	return p
}

// newAliases makes the database of /etc/aliases.
func (p *Postfix) newAliases() error {
	_, err := p.h.run("/usr/sbin/postalias", "/etc/aliases")
	return err
}

// answers is nil when both services greet.
func (p *Postfix) answers() error {
	if err := p.master.failed(); err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
	if fatal := regexp.MustCompile("(?m)^.*(fatal|panic): .*$").FindString(p.Log()); fatal != "" {
		p.h.t.Fatal("testbed: Postfix: ", fatal)
	}
	return errors.Join(greets(p.SMTP), greets(p.Submission))
}

// makeQueueDirs makes the directories that the Debian package's installation
// makes, with the owners that the daemons insist on, and Postel's.
func (h *Host) makeQueueDirs() error {
	const spool = "var/spool/postfix/"
	dirs := []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{spool, 0o755, 0, 0}, {spool + "pid", 0o755, 0, 0},
		{spool + "public", 0o710 | os.ModeSetgid, postfixID, postdropID},
		{spool + "maildrop", 0o730 | os.ModeSticky, postfixID, postdropID},
		{"var/lib/postfix", 0o700, postfixID, postfixID},
		// As contrib/postfix/README.md has it made, but for root: as whom tests run Postel.
		{spool + "postel", 0o710 | os.ModeSetgid, 0, postfixID},
	}
	for _, name := range strings.Fields("active bounce corrupt defer deferred flush hold incoming private saved trace") {
		dirs = append(dirs, dirs[0])
		last := &dirs[len(dirs)-1]
		last.name, last.mode, last.uid = spool+name, 0o700, postfixID
	}
	for _, d := range dirs {
		path := h.Path(d.name)
		if err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, d.uid, d.gid), os.Chmod(path, d.mode)); err != nil {
			return err
		}
	}
	return nil
}

// PostelDir is the directory where Postfix looks for Postel's sockets: milter,
// policy and lmtp.
func (p *Postfix) PostelDir() string { return p.h.Path("var/spool/postfix/postel") }

// Queued is a mail that waits in Postfix.
type Queued struct {
	ID         string `json:"queue_id"`
	Queue      string `json:"queue_name"` // active, deferred, hold, incoming
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Reason  string `json:"delay_reason"`
	} `json:"recipients"`
}

// Queue lists the mail that waits in Postfix.
func (p *Postfix) Queue() []Queued {
	p.h.t.Helper()
	out, err := p.h.run("/usr/sbin/postqueue", "-j")
	if err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
	var all []Queued
	for line := range strings.Lines(out) {
		var q Queued
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			p.h.t.Fatalf("testbed: postqueue -j: %v in %q", err, line)
		}
		all = append(all, q)
	}
	return all
}

// WaitQueue waits until exactly n mails wait in Postfix.
func (p *Postfix) WaitQueue(n int) {
	p.h.t.Helper()
	p.h.wait(fmt.Sprintf("%d mails in the queue", n), func() error {
		if q := p.Queue(); len(q) != n {
			return fmt.Errorf("there are %d: %v", len(q), q)
		}
		return nil
	})
}

// Flush has Postfix try all waiting mail again, now (postqueue -f). First it
// waits until nothing is being delivered: mail that a flush finds in a delivery
// agent's hands is put aside for minutes.
func (p *Postfix) Flush() {
	p.h.t.Helper()
	p.h.wait("deliveries to end", func() error {
		for _, q := range p.Queue() {
			if q.Queue == "active" || q.Queue == "incoming" {
				return fmt.Errorf("%s is %s", q.ID, q.Queue)
			}
		}
		return nil
	})
	if _, err := p.h.run("/usr/sbin/postqueue", "-f"); err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
}

// Postconf runs postconf(1) and returns what it prints, warnings included.
func (p *Postfix) Postconf(arg ...string) string {
	p.h.t.Helper()
	out, err := p.h.run("/usr/sbin/postconf", arg...)
	if err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
	return out
}

// Reload has Postfix read its configuration again (postfix reload).
func (p *Postfix) Reload() {
	p.h.t.Helper()
	if err := p.master.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
}
