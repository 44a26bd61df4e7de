package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/postel-mail/postel/cmd/postel/config"
)

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
	key := d.Key()
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
