package modem

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pins remembers which PINs were tried on which SIM cards. It is one small file
// that all modems of a service share; every change is on the disk before it
// counts. It holds no PIN, but a digest of each with the file's own salt: enough
// to know one again, though short PINs can be found by trying them all, so that
// the file is as private as the configuration.
type pins struct{ file string }

// card is a SIM card, as far as it can be told without its PIN.
type card struct {
	ICCID   string // empty where it cannot be read before the PIN
	IMEI    string // of the modem, or its port where that is not known either
	Gateway string // that it is in
}

// outcome is what became of a PIN.
type outcome string

const (
	triedPIN outcome = "tried" // it was about to be sent, and what came of it is not known
	rightPIN outcome = "right"
	wrongPIN outcome = "wrong" // never again
)

// trial is one PIN on one card.
type trial struct {
	ICCID   string    `json:"iccid,omitempty"`
	IMEI    string    `json:"imei"`
	Gateway string    `json:"gateway"`
	PIN     string    `json:"pin"` // digest
	Outcome outcome   `json:"outcome"`
	Left    int       `json:"left"` // tries that the card had left before; -1 if not known
	Time    time.Time `json:"time"`
}

// pinBook is what the file holds.
type pinBook struct {
	Salt   string  `json:"salt"`
	Trials []trial `json:"trials"`
}

var errNoPins = errors.New("there is no file to remember tried PINs in")

// check reports whether the file can be used.
func (p pins) check() error {
	if p.file == "" {
		return fmt.Errorf("modem: pin is set, but %w", errNoPins)
	}
	return p.change(func(*pinBook) error { return nil })
}

// find gives what is known of a PIN on a card. Where one of both was not known by
// its own number, what was tried in the same modem or gateway counts.
func (p pins) find(c card, pin PIN) (found trial, ok bool, err error) {
	err = p.change(func(b *pinBook) error {
		for _, t := range b.Trials {
			if t.may(c) && t.PIN == b.digest(pin) && (!ok || worse(t, found)) {
				found, ok = t, true
			}
		}
		return nil
	})
	return found, ok, err
}

// may reports whether it may have been this card. A number may have been read
// without its end. Where one of both was not known by its own number, it may be if
// it was in the same modem or the same gateway: a modem does not always tell its
// number either.
func (t trial) may(c card) bool {
	if t.ICCID != "" && c.ICCID != "" {
		return strings.HasPrefix(t.ICCID, c.ICCID) || strings.HasPrefix(c.ICCID, t.ICCID)
	}
	return t.IMEI == c.IMEI || t.Gateway == c.Gateway
}

// worse reports whether a says more against a PIN than b.
func worse(a, b trial) bool {
	order := []outcome{rightPIN, triedPIN, wrongPIN}
	return slices.Index(order, a.Outcome) > slices.Index(order, b.Outcome)
}

// note puts down what became of a PIN, on the disk.
func (p pins) note(c card, gateway string, pin PIN, o outcome, left int) error {
	return p.change(func(b *pinBook) error {
		b.resolve(c, left)
		t := trial{ICCID: c.ICCID, IMEI: c.IMEI, Gateway: gateway, PIN: b.digest(pin), Outcome: o, Left: left, Time: time.Now().UTC()}
		b.Trials = slices.DeleteFunc(b.Trials, func(old trial) bool {
			same := old.ICCID == c.ICCID && old.may(c)
			settled := o == rightPIN && old.Outcome == triedPIN && old.may(c)
			return old.PIN == t.PIN && (same || settled)
		})
		b.Trials = append(b.Trials, t)
		return nil
	})
}

// resolve settles what was about to be tried on a card from the tries that it has
// left now, before another PIN can cost one: one that has cost none did not get
// there.
func (b *pinBook) resolve(c card, left int) {
	for i, t := range b.Trials {
		if t.Outcome == triedPIN && t.may(c) && left >= 0 && left < t.Left {
			b.Trials[i].Outcome = wrongPIN
		}
	}
	b.Trials = slices.DeleteFunc(b.Trials, func(t trial) bool {
		return t.Outcome == triedPIN && t.may(c) && t.Left >= 0 && left >= t.Left
	})
}

// ForgetPIN has the PINs tried again that were tried on a SIM card: of is its
// number (ICCID), the number of the modem (IMEI) or the ID of the gateway. It
// gives how many there were. The file is that of [Options.Pins]; a running service
// may use it at the same time, and tries the PIN again within a minute.
//
// It is for people who have seen that the configured PIN is right, and that the
// card has tries left.
func ForgetPIN(file, of string) (forgotten int, err error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) || of == "" {
		return 0, nil
	}
	err = pins{file}.change(func(b *pinBook) error {
		before := len(b.Trials)
		b.Trials = slices.DeleteFunc(b.Trials, func(t trial) bool { return t.ICCID == of || t.IMEI == of || t.Gateway == of })
		forgotten = before - len(b.Trials)
		return nil
	})
	return forgotten, err
}

func (b *pinBook) digest(pin PIN) string {
	h := hmac.New(sha256.New, []byte(b.Salt))
	h.Write([]byte(pin))
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil))
}

// change reads the file, lets f change what it holds, and writes it if it has
// changed. Nobody else, in this process or another, does so at the same time.
func (p pins) change(f func(*pinBook) error) error {
	lock, err := os.OpenFile(p.file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("modem: tried PINs: %w", err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("modem: tried PINs: %s: %w", lock.Name(), err)
	}
	b, before, err := p.read()
	if err != nil {
		return err
	}
	if err := f(&b); err != nil {
		return err
	}
	after, err := json.MarshalIndent(b, "", "\t")
	if err != nil || string(after) == string(before) {
		return err
	}
	if err := replaceFile(p.file, after); err != nil {
		return fmt.Errorf("modem: tried PINs: %w", err)
	}
	return nil
}

func (p pins) read() (b pinBook, content []byte, err error) {
	content, err = os.ReadFile(p.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pinBook{Salt: rand.Text()}, nil, nil
	case err != nil:
		return b, nil, fmt.Errorf("modem: tried PINs: %w", err)
	}
	if err := json.Unmarshal(content, &b); err != nil || b.Salt == "" {
		return b, nil, fmt.Errorf("modem: %s, which remembers tried PINs, is damaged: see with a phone that the SIM card has tries left for its PIN, then remove the file", p.file)
	}
	return b, content, nil
}

// replaceFile writes a file that is private, so that after a power failure there
// is either what was or what is.
func replaceFile(name string, content []byte) error {
	next := name + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, keepOwner(f, name), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keepOwner gives a file to the owner of the one that it replaces: root may change
// what belongs to the service.
func keepOwner(f *os.File, name string) error {
	var was unix.Stat_t
	if err := unix.Stat(name, &was); err != nil || int(was.Uid) == os.Geteuid() {
		return nil //nolint:nilerr // there is none to keep
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}
