package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/control"
)

// books are the accounts as a command sees and changes them.
type books struct {
	cfg     *config.Config
	decider *account.Decider
	now     time.Time
	dir     *smsengine.Directory
	store   *sqlite.Store // to look into; nil: there is no database yet

	control.Accounts // where changes go: to the service, or into the database
	closers          []func() error
}

// readBooks opens the accounts to look at them, beside the service or without
// it.
func readBooks(ctx context.Context, file string) (*books, error) {
	b, err := newBooks(file)
	if err != nil {
		return nil, err
	}
	return b, b.read(ctx)
}

// openBooks opens the accounts to change them: through the service if it runs,
// else by holding what a running service would hold.
func openBooks(ctx context.Context, file string, t *terminal) (*books, error) {
	b, err := newBooks(file)
	if err != nil {
		return nil, err
	}
	if err := b.open(ctx, t); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *books) open(ctx context.Context, t *terminal) error {
	client := control.NewClient(b.cfg.Control.Listen.Address)
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch _, err := client.Status(short); {
	case err == nil:
		b.Accounts = client
		b.closers = append(b.closers, func() error { client.Close(); return nil })
		return b.read(ctx)
	case errors.Is(err, control.ErrNotRunning):
		return b.write(ctx, t)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("postel runs and does not answer on %s", b.cfg.Control.Listen.Address)
	default:
		return err
	}
}

// patience is how long a running service may take to say that it runs.
const patience = 15 * time.Second

func newBooks(file string) (*books, error) {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return nil, err
	}
	return &books{cfg: cfg, decider: decider(cfg), now: time.Now()}, nil
}

// read opens the database beside whoever writes it.
func (b *books) read(ctx context.Context) error {
	store, err := readOnly(b.cfg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nobody has an account yet
	}
	if err != nil {
		return err
	}
	return b.use(ctx, store)
}

// write takes the place of the service while it does not run.
func (b *books) write(ctx context.Context, t *terminal) error {
	syscall.Umask(0o077)
	_, err := os.Stat(b.cfg.State)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err := becomeOwner(b.cfg.State); err != nil {
		return err
	}
	st, err := openState(b.cfg)
	if err != nil {
		return err
	}
	b.closers = append(b.closers, st.close)
	store, err := sqlite.Open(st.database(), sqlite.Options{})
	if err != nil {
		return err
	}
	if fresh && os.Geteuid() == 0 {
		fmt.Fprintf(t.err, "note: %s was made for root; if the service runs as another user: chown -R USER %[1]s\n", b.cfg.State)
	}
	b.Accounts = store
	return b.use(ctx, store)
}

// becomeOwner lets root act as the user of the service, so that whatever is made
// in its directory belongs to it.
func becomeOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return nil // openState says what is wrong with it
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(int(owner.Gid)), syscall.Setuid(int(owner.Uid))); err != nil {
		return fmt.Errorf("cannot act as the user that %s belongs to: %w", dir, err)
	}
	return nil
}

func (b *books) use(ctx context.Context, store *sqlite.Store) (err error) {
	b.store = store
	b.closers = append(b.closers, store.Close)
	b.dir, err = store.Directory(ctx)
	return err
}

// caller makes failed calls again: the service, or, while it does not run, an
// engine that only puts them into the database.
func (b *books) caller() control.Caller {
	if c, ok := b.Accounts.(control.Caller); ok {
		return c
	}
	return smsengine.New(smsengine.Config{Store: b.store})
}

// close closes what was opened, last first.
func (b *books) close() {
	for i := len(b.closers) - 1; i >= 0; i-- {
		_ = b.closers[i]() // changes are durable already
	}
}

// find gives an account that the commands may change.
func (b *books) find(name string) (smsengine.Account, error) {
	if a, ok := b.dir.Account(name); ok {
		return a, nil
	}
	if err := account.CheckName(name); err != nil {
		return smsengine.Account{}, err
	}
	if _, ok := b.decider.Levels[name]; ok {
		return smsengine.Account{}, fmt.Errorf("%s is defined in postel.toml; change it there", name)
	}
	return smsengine.Account{}, b.none(name)
}

// none says that there is no account of a name, and which one may be meant.
func (b *books) none(name string) error {
	var names []string
	for _, a := range b.dir.Accounts() {
		names = append(names, a.Name)
	}
	remedy := "postel account list shows all"
	if meant, ok := mistake.Meant(name, names); ok {
		remedy = "did you mean " + meant + "?"
	}
	return fmt.Errorf("there is no account %s; %s", name, remedy)
}

// known demands that a name is somebody who may be counted: an account, or a user
// of a domain of ours.
func (b *books) known(name string) error {
	if err := account.CheckName(name); err != nil {
		return err
	}
	if _, ok := b.dir.Account(name); ok || b.isUser(name) {
		return nil
	}
	if _, ok := b.decider.Levels[name]; ok {
		return nil
	}
	return b.none(name)
}

// isUser reports whether a name is a mail user's, of a domain that is served.
func (b *books) isUser(name string) bool {
	_, domain, ok := strings.Cut(name, "@")
	return ok && !strings.HasPrefix(name, "@") && slices.Contains(b.decider.Domains, domain)
}

// keys gives an account's keys, "" for all accounts.
func (b *books) keys(ctx context.Context, name string) ([]smsengine.Key, error) {
	if b.store == nil {
		return nil, nil
	}
	return b.store.Keys(ctx, name)
}

// usageOf gives what a name has used, by period.
func (b *books) usageOf(ctx context.Context, name string) (map[string]smsengine.Usage, error) {
	if b.store == nil {
		return nil, nil
	}
	return b.store.UsageOf(ctx, name)
}

// usedIn gives what all have used in a period.
func (b *books) usedIn(ctx context.Context, period string) (map[string]smsengine.Usage, error) {
	if b.store == nil {
		return nil, nil
	}
	return b.store.UsedIn(ctx, period)
}

// gateways lists the IDs that there are.
func (b *books) gateways() []string {
	ids := []string{}
	for _, g := range b.cfg.Gateways {
		ids = append(ids, g.ID)
	}
	return ids
}

// words makes the error of a change readable.
func (b *books) words(err error) error {
	switch {
	case errors.Is(err, smsengine.ErrChanged):
		return errors.New("somebody else has changed it meanwhile; look at it and try again")
	case errors.Is(err, smsengine.ErrExists):
		return errors.New("there is one of that name already; postel account set changes it")
	case errors.Is(err, smsengine.ErrNotFound):
		return errors.New("there is none of that name any more")
	}
	return words(err)
}
