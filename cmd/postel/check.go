package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/transport/control"
)

func checkCommand() *command {
	return &command{
		name: "check", short: "find what is wrong with a configuration, before it hurts",
		long: "Reads the configuration and looks at what it names: directories, permissions, users,\n" +
			"sockets, the database, the mail server. It reports everything that it finds, with what\n" +
			"to do, and changes nothing. Run it as the user that runs the service. The exit code is\n" +
			"1 if there is an error; warnings alone do not count.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("check takes no arguments")
				}
				return check(ctx, t, *file)
			}
		},
	}
}

// findings is what a check found.
type findings struct {
	*terminal
	errors, warnings int
}

// wrong reports what will keep the service from working, and the remedy.
func (f *findings) wrong(remedy, format string, args ...any) {
	f.errors++
	f.printf("error    %s; %s\n", fmt.Sprintf(format, args...), remedy)
}

// doubtful reports what is probably not meant.
func (f *findings) doubtful(remedy, format string, args ...any) {
	f.warnings++
	f.printf("warning  %s; %s\n", fmt.Sprintf(format, args...), remedy)
}

func (f *findings) fine(format string, args ...any) {
	f.printf("ok       %s\n", fmt.Sprintf(format, args...))
}

func check(ctx context.Context, t *terminal, file string) error {
	f := &findings{terminal: t}
	cfg, err := config.Load(file, drivers)
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range problems {
			f.errors++
			f.printf("error    %s\n", p)
		}
		return f.end()
	}
	if err != nil {
		f.wrong("postel config sample prints one to begin with", "%s", err)
		return f.end()
	}
	f.fine("%s", file)
	running := f.service(ctx, cfg)
	f.state(cfg)
	for _, d := range cfg.Doors() {
		f.door(d, running)
	}
	f.combinations(cfg)
	f.mail(ctx, cfg)
	return f.end()
}

// end sums up.
func (f *findings) end() error {
	f.printf("%s, %s\n", count(f.errors, "error"), count(f.warnings, "warning"))
	if f.errors > 0 {
		return errReported
	}
	return nil
}

// service reports whether the service runs, and how its gateways are.
func (f *findings) service(ctx context.Context, cfg *config.Config) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	st, err := control.NewClient(cfg.Control.Listen.Address).Status(ctx)
	switch {
	case errors.Is(err, control.ErrNotRunning):
		f.fine("the service is not running")
		return false
	case err != nil:
		f.doubtful("run this as the user that runs postel", "cannot ask the service: %s", err)
		return true
	}
	f.fine("the service runs, version %s, pid %d", st.Version, st.PID)
	for id, h := range st.Gateways {
		if !h.Ready {
			f.doubtful("see the log", "gateway %s is not ready: %s", id, h.Text)
		}
	}
	return true
}

// state looks at the directory, the database and the key.
func (f *findings) state(cfg *config.Config) {
	info, err := os.Stat(cfg.State)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writable(filepath.Dir(cfg.State)); err != nil {
			f.wrong(fmt.Sprintf("make it: install -d -m 0700 -o postel %s", cfg.State), "state: there is no %s, and it cannot be made here: %s", cfg.State, err)
			return
		}
		f.fine("state: %s will be made", cfg.State)
		return
	case err != nil:
		f.wrong("run this as the user that runs postel", "state: %s", err)
		return
	case !info.IsDir():
		f.wrong("name a directory", "state: %s is a file", cfg.State)
		return
	}
	if err := writable(cfg.State); err != nil {
		f.wrong("give it to the user that runs postel, and run this as that user", "state: cannot write to %s: %s", cfg.State, err)
	}
	for _, path := range []string{cfg.State, databaseOf(cfg.State), keyOf(cfg.State)} {
		if err := ownersOnly(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.wrong("only then can it hold what is private", "state: %s", err)
		}
	}
	store, err := readOnly(cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.fine("state: %s, no database yet", cfg.State)
		return
	case err != nil:
		f.wrong("restore it from a backup, or move it away to begin anew", "the database: %s", err)
		return
	}
	defer store.Close()
	if counts, err := store.Counts(context.Background()); err != nil {
		f.wrong("restore it from a backup, or move it away to begin anew", "the database: %s", err)
	} else {
		n := 0
		for _, states := range counts {
			for _, c := range states {
				n += c
			}
		}
		f.fine("state: %s, %s kept", cfg.State, count(n, "message"))
	}
}

// door looks at a socket that the service would open.
func (f *findings) door(d config.Door, running bool) {
	key := d.Name + ".listen"
	if d.Listen.Network == "unix" {
		f.users(d)
		dir := filepath.Dir(d.Listen.Address)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			if d.Name != "control" { // its directory may still be made
				f.wrong(fmt.Sprintf("make it: install -d -m 2710 -o postel -g postfix %s", dir), "%s: there is no directory %s", key, dir)
			}
			return
		}
		if err := writable(dir); err != nil {
			f.wrong("give it to the user that runs postel, and run this as that user", "%s: cannot write to %s: %s", key, dir, err)
		}
	} else {
		f.free(key, d.Listen, running)
	}
}

// users looks for the users and the group that a socket names.
func (f *findings) users(d config.Door) {
	for _, name := range d.Peers {
		if _, err := strconv.Atoi(name); err == nil || name == "*" {
			continue
		}
		if _, err := user.Lookup(name); err != nil {
			f.wrong("name the user that the mail server runs as", "%s.peers: there is no user %q here", d.Name, name)
		}
	}
	if d.Group == "" {
		return
	}
	g, err := user.LookupGroup(d.Group)
	if err != nil {
		f.wrong("name a group", "%s.group: there is no group %q here", d.Name, d.Group)
		return
	}
	gid, _ := strconv.Atoi(g.Gid)
	groups, _ := os.Getgroups()
	if os.Geteuid() != 0 && gid != os.Getegid() && !slices.Contains(groups, gid) {
		f.wrong(fmt.Sprintf("put it there: usermod -a -G %s USER", d.Group), "%s.group: this user is not in the group %s", d.Name, d.Group)
	}
}

// free looks whether a TCP port can be had.
func (f *findings) free(key string, e config.Endpoint, running bool) {
	if running {
		return // the service has it
	}
	l, err := net.Listen(e.Network, e.Address)
	if err != nil {
		f.wrong("choose another port, or end what uses this one", "%s: %s", key, err)
		return
	}
	_ = l.Close()
}

// combinations are settings that are possible and probably not meant.
func (f *findings) combinations(cfg *config.Config) {
	lmtp, milter := !cfg.LMTP.Listen.IsZero() || !cfg.SMTP.Listen.IsZero(), !cfg.Milter.Listen.IsZero()
	trusts := cfg.LMTP.Trust || cfg.SMTP.Trust || len(cfg.LMTP.TrustedNetworks)+len(cfg.SMTP.TrustedNetworks) > 0
	switch {
	case !lmtp && milter:
		f.doubtful("set lmtp.listen", "milter stamps mail, and nothing takes it: there is neither lmtp nor smtp")
	case lmtp && !milter && !trusts:
		f.doubtful("set milter.listen", "lmtp believes nobody: without the milter no mail has a ticket")
	case !lmtp:
		f.doubtful("set lmtp.listen", "no mail can become a text: there is neither lmtp nor smtp")
	}
	if milter && cfg.Policy.Listen.IsZero() {
		f.doubtful("set policy.listen, and add the guard to Postfix", "without policy, mail for phones is refused for good while Postel is down")
	}
	if cfg.Access.MonthlyLimit == 0 {
		f.doubtful("set access.monthly_limit", "one stolen password can send any number of texts")
	}
}

// mail looks whether the place for mail can be reached.
func (f *findings) mail(ctx context.Context, cfg *config.Config) {
	to, err := cfg.Mail.Target()
	if err != nil {
		return // the configuration has reported it
	}
	if to.Protocol == "maildir" {
		if err := writable(nearest(to.Path)); err != nil {
			f.wrong("give it to the user that runs postel", "mail.to: cannot write to %s: %s", to.Path, err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, to.Socket.Network, to.Socket.Address)
	if err != nil {
		f.doubtful("answers and reports wait until it runs", "mail.to: the mail server cannot be reached: %s", err)
		return
	}
	_ = c.Close()
	f.fine("mail.to: %s answers", to.Socket)
}

// nearest is the path, or the nearest directory above it that there is.
func nearest(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == "/" {
			return path
		}
		path = filepath.Dir(path)
	}
}

// writable reports why this user cannot make files in a directory.
func writable(dir string) error {
	const writeAndEnter = 0o3 // W_OK|X_OK of access(2)
	return syscall.Access(dir, writeAndEnter)
}
