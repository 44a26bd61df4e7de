package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// The number of the user and group list in etc/passwd and etc/group.
const listUser = 60010

// Mailman is a running Mailman 3 with one list.
type Mailman struct {
	h    *Host
	list string // its address
}

// StartMailman starts Mailman 3 with a list NAME@example.org, before Postfix,
// which learns of the list from the table that Mailman writes for it.
func (h *Host) StartMailman(list string) *Mailman {
	h.t.Helper()
	if err := linkTree(unpacked(h.t, packages.Mailman), h.Root); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	m := &Mailman{h: h, list: list + "@" + Domain}
	port := h.port()
	if err := errors.Join(m.writeConfiguration(port), m.makeList()); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	h.lists = "regexp:/var/lib/mailman3/data/postfix_lmtp"
	h.showAtFailure("var/log/mailman3/mailman.log")
	h.showAtFailure("var/log/mailman3/smtp.log")
	p := h.startCommand(h.commandAs(listUser, "/usr/lib/mailman3/bin/master"))
	h.wait("Mailman to answer", func() error {
		if err := p.failed(); err != nil {
			h.t.Fatal("testbed: ", err)
		}
		return greets(net.JoinHostPort(h.Addr, port))
	})
	return m
}

func (m *Mailman) writeConfiguration(port string) error {
	host, smtpPort, _ := net.SplitHostPort(m.h.smtpAddr())
	cfg, err := etc.ReadFile("etc/mailman.cfg")
	if err != nil {
		return err
	}
	// The longer names first: SMTPPORT has PORT in it.
	text := strings.NewReplacer("SMTPHOST", host, "SMTPPORT", smtpPort, "ADDRESS", m.h.Addr, "PORT", port).Replace(string(cfg))
	err = errors.Join(
		m.h.write("etc/mailman3/mailman.cfg", text),
		m.h.write("etc/mailman3/postfix.cfg", "[postfix]\npostmap_command: /usr/sbin/postmap\ntransport_file_type: regex\n"),
		m.h.write("proc/stat", "cpu 0 0 0 0 0 0 0 0 0 0\n"), // psutil wants to see one
	)
	for _, dir := range []string{"var/lib/mailman3", "var/log/mailman3"} {
		path := m.h.Path(dir)
		err = errors.Join(err, os.MkdirAll(path, 0o755), os.Chown(path, listUser, listUser))
	}
	return err
}

// makeList makes the list, as an administrator does at a terminal.
func (m *Mailman) makeList() error {
	_, err := m.command("create", "-d", m.list)
	return err
}

// Add adds members to the list, and returns what Mailman said about those that
// it does not take.
func (m *Mailman) Add(members ...string) (refused string) {
	m.h.t.Helper()
	if err := m.h.write("tmp/members", strings.Join(append(members, ""), "\n")); err != nil {
		m.h.t.Fatal("testbed: ", err)
	}
	said, err := m.command("addmembers", "/tmp/members", m.list)
	if err != nil {
		m.h.t.Fatal("testbed: ", err)
	}
	for line := range strings.Lines(said) {
		if strings.Contains(line, "skipping") {
			refused += line
		}
	}
	return refused
}

// Members are the members of the list, as Mailman writes them.
func (m *Mailman) Members() (all []string) {
	m.h.t.Helper()
	listed, err := m.command("members", m.list)
	if err != nil {
		m.h.t.Fatal("testbed: ", err)
	}
	for line := range strings.Lines(listed) {
		if strings.Contains(line, "@") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// command runs mailman(1).
func (m *Mailman) command(arg ...string) (string, error) {
	cmd := m.h.commandAs(listUser, "/usr/bin/mailman", arg...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("mailman %s: %w: %s", arg[0], err, out)
	}
	return string(out), err
}
