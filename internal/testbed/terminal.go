package testbed

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// nobody is the user on the host as whom people run their mail programs.
const nobody = 65534

// Terminal is where a user runs mail programs, which log in to the host's
// submission service and its IMAP over STARTTLS, as the user's own configuration
// files say (etc/mailrc, etc/neomuttrc).
type Terminal struct {
	h    *Host
	home string // as the programs see it
	user User
	imap string // where
	smtp string // where to submit
}

// NewTerminal makes a home directory for a user, who signs with a name. Dovecot
// and Postfix have been started before.
func (h *Host) NewTerminal(u User, name string, d *Dovecot, p *Postfix) *Terminal {
	h.t.Helper()
	if err := linkTree(unpacked(h.t, packages.Clients), h.Root); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	c := &Terminal{h: h, home: "/home/" + u.Name, user: u, imap: d.IMAP, smtp: p.Submission}
	_, submission, _ := net.SplitHostPort(p.Submission)
	_, imap, _ := net.SplitHostPort(d.IMAP)
	words := []string{"SUBMISSIONPORT", submission, "IMAPPORT", imap, "USER", u.Name, "PASSWORD", u.Password, "NAME", name}
	for from, to := range map[string]string{"mailrc": ".mailrc", "neomuttrc": ".neomuttrc"} {
		b, err := etc.ReadFile("etc/" + from)
		if err == nil {
			err = c.Write(to, strings.NewReplacer(words...).Replace(string(b)))
		}
		if err != nil {
			h.t.Fatal("testbed: ", err)
		}
	}
	if err := errors.Join(c.Write(".signature", name+", 4th floor\n"), h.makeDir(c.home, nobody)); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	return c
}

// Write writes a file of the user's, such as one to attach. Its name is relative
// to the home directory, from which the programs are run.
func (c *Terminal) Write(name, content string) error {
	path := strings.TrimPrefix(c.home, "/") + "/" + name
	return errors.Join(c.h.write(path, content), os.Chown(c.h.Path(path), nobody, nobody))
}

// Swaks runs swaks, which logs in to the submission service and sends whatever
// its further arguments say, byte for byte.
func (c *Terminal) Swaks(arg ...string) error {
	host, port, _ := net.SplitHostPort(c.smtp)
	arg = append([]string{"--server", host, "--port", port, "--tls", "--auth", "PLAIN",
		"--auth-user", c.user.Name, "--auth-password", c.user.Password, "--from", c.user.Address()}, arg...)
	return c.run("", "/usr/bin/swaks", arg...)
}

// Nail has s-nail send a mail whose text is given.
func (c *Terminal) Nail(text string, arg ...string) error {
	return c.run(text, "/usr/bin/s-nail", append([]string{"-#"}, arg...)...)
}

// NailMail runs s-nail's commands in the user's INBOX.
func (c *Terminal) NailMail(commands string) error {
	_, port, _ := net.SplitHostPort(c.imap)
	return c.run(commands, "/usr/bin/s-nail", "-#", "-f",
		fmt.Sprintf("imap://%s:%s@mx.%s:%s/INBOX", c.user.Name, c.user.Password, Domain, port))
}

// Send has NeoMutt send a mail whose text is given, without showing itself.
func (c *Terminal) Send(text string, arg ...string) error {
	return c.run(text, "/usr/bin/neomutt", arg...)
}

// run runs a program to its end; the error has what it said.
func (c *Terminal) run(input, name string, arg ...string) error {
	cmd := c.command(name, arg...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, tail(string(out), 40))
	}
	return err
}

func (c *Terminal) command(name string, arg ...string) *exec.Cmd {
	cmd := c.h.commandAs(nobody, name, arg...)
	cmd.Env = append(cmd.Env, "HOME="+c.home, "TERM=vt100", "USER="+c.user.Name, "LOGNAME="+c.user.Name)
	cmd.Dir = c.home
	return cmd
}

// Neomutt starts NeoMutt as a person does, on a terminal of its own, types keys
// (as its "push" command names them) and waits for its end. An editor script is
// what happens to the file $1 when NeoMutt asks the person to write.
func (c *Terminal) Neomutt(editor, keys string) error {
	c.h.t.Helper()
	if err := errors.Join(c.Write("edit", "#!/bin/sh\n"+editor), os.Chmod(c.h.Path(c.home, "edit"), 0o755)); err != nil {
		return err
	}
	master, screen, err := openTerminal()
	if err != nil {
		return err
	}
	defer master.Close()
	cmd := c.command("/usr/bin/neomutt", "-e", `push "`+keys+`"`)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	err = cmd.Start()
	screen.Close()
	if err != nil {
		return err
	}
	var shown bytes.Buffer
	var read sync.WaitGroup
	read.Go(func() { _, _ = shown.ReadFrom(master) }) // EIO ends it, when the program has ended
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	late.Stop()
	read.Wait()
	if err != nil {
		err = fmt.Errorf("neomutt: %w: it showed %q", err, shown.String())
	}
	return err
}

// openTerminal makes a pseudo terminal: what is written to one end is read from
// the other (pty(7)).
func openTerminal() (master, slave *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}
