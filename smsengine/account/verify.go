package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// ErrWrong is a wrong password, or a name that has none.
var ErrWrong = errors.New("wrong user name or password")

// Verifier compares passwords with their hashes. It computes few at a time, since
// each takes 19 MiB; it remembers for a while those that were right, as a keyed
// digest in memory; and it makes whoever tries many wait. It is safe for
// concurrent use.
type Verifier struct {
	now   func() time.Time
	turns chan struct{} // who may compute
	key   [32]byte      // of the digests, new with each process

	mu     sync.Mutex
	right  map[[32]byte]time.Time // digest → until when it is believed
	wrong  map[string]failures    // by account and source, by source, by account
	queued int
}

// failures are the wrong passwords of one origin.
type failures struct {
	n     int
	until time.Time // who has to wait, has to wait until then
	last  time.Time
}

// Bounds of a Verifier.
const (
	atOnce      = 2                // hashes computed at a time
	maxQueued   = 64               // waiting for their turn
	believe     = 15 * time.Minute // how long a right password is remembered
	remembered  = 20000            // entries of each memory
	forgetAfter = time.Hour        // without another wrong password
	longestWait = 15 * time.Minute
)

// The number of wrong passwords after which each further one doubles a wait that
// begins with a second: of an account from one source, of a source, of an account
// from anywhere. The last is generous, or anybody could lock anybody out.
const (
	triesHere   = 5
	triesSource = 20
	triesName   = 100
)

// NewVerifier makes a Verifier; now nil is time.Now.
func NewVerifier(now func() time.Time) *Verifier {
	if now == nil {
		now = time.Now
	}
	v := &Verifier{
		now: now, turns: make(chan struct{}, atOnce),
		right: make(map[[32]byte]time.Time), wrong: make(map[string]failures),
	}
	_, _ = rand.Read(v.key[:]) // never fails (crypto/rand, Go 1.24)
	return v
}

// nobody's hash takes as long to compare as anybody's.
var nobody = sync.OnceValue(func() string {
	hash, err := HashOld("nobody has this password")
	if err != nil {
		panic(err) // only without randomness
	}
	return hash
})

// Verify compares a password with the hash of an account, "" if there is no
// such account or none with a password: the answer takes as long and is the
// same. source is the address of the client, "" if it is unknown. The error is
// ErrWrong, or a temporary *smsengine.Error.
func (v *Verifier) Verify(ctx context.Context, account, hash, password, source string) error {
	digest := v.digest(account, hash, password)
	if hash != "" && v.remembers(digest) {
		return nil
	}
	origins := originsOf(account, source)
	if err := v.Wait(account, source); err != nil {
		return err
	}
	if err := v.turn(ctx); err != nil {
		return err
	}
	defer func() { <-v.turns }()
	compared := hash
	if hash == "" {
		compared = nobody()
	}
	ok, err := matches(password, compared)
	if err != nil {
		return fmt.Errorf("the stored password of %s cannot be read: %w", account, err)
	}
	if !ok || hash == "" {
		v.failed(origins)
		return ErrWrong
	}
	v.succeeded(digest, origins[0])
	return nil
}

// Wait is the temporary *smsengine.Error for whoever has to wait before another
// password of the account is looked at, nil for all others. With Wrong and
// Forgive it is for passwords that somebody else verifies.
func (v *Verifier) Wait(account, source string) error {
	if wait := v.mustWait(originsOf(account, source)); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

// Wrong counts a wrong password.
func (v *Verifier) Wrong(account, source string) { v.failed(originsOf(account, source)) }

// Forgive takes one back that was counted.
func (v *Verifier) Forgive(account, source string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, o := range originsOf(account, source) {
		f := v.wrong[o.name]
		if f.n--; f.n < o.tries {
			f.until = time.Time{}
		}
		if v.wrong[o.name] = f; f.n <= 0 {
			delete(v.wrong, o.name)
		}
	}
}

func (v *Verifier) digest(parts ...string) (d [32]byte) {
	mac := hmac.New(sha256.New, v.key[:])
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:%s", len(p), p)
	}
	mac.Sum(d[:0])
	return d
}

func (v *Verifier) remembers(digest [32]byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	until, ok := v.right[digest]
	if ok && v.now().After(until) {
		delete(v.right, digest)
		ok = false
	}
	return ok
}

// turn waits for a place among those who compute.
func (v *Verifier) turn(ctx context.Context) error {
	v.mu.Lock()
	full := v.queued >= maxQueued
	if !full {
		v.queued++
	}
	v.mu.Unlock()
	if full {
		return busy(nil)
	}
	defer func() { v.mu.Lock(); v.queued--; v.mu.Unlock() }()
	select {
	case v.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return busy(ctx.Err())
	}
}

func busy(cause error) error {
	return smsengine.Fail("account", smsengine.Temporary, "4.7.0", "too many passwords are being verified, try again later", cause)
}

func tooMany(wait time.Duration) error {
	return smsengine.Fail("account", smsengine.Temporary, "4.7.0",
		"too many wrong passwords, try again in "+wait.Round(time.Second).String(), nil)
}

// origin is one of the ways in which wrong passwords are counted.
type origin struct {
	name  string
	tries int
}

// originsOf gives the origins; the first is the account from this source.
func originsOf(account, source string) []origin {
	account = strings.ToLower(account)
	net := network(source)
	all := []origin{{"both " + account + " " + net, triesHere}, {"account " + account, triesName}}
	if net != "" {
		all = append(all, origin{"source " + net, triesSource})
	}
	return all
}

// network is what stands for a source: its IPv4 address, or the /64 of its IPv6
// address, of which one customer has as many as he likes. "" is the machine
// itself, or unknown: all mail comes from there.
func network(source string) string {
	ip, err := netip.ParseAddr(source)
	if err != nil || ip.IsLoopback() {
		return ""
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, _ := ip.Prefix(64)
		return p.String()
	}
	return ip.String()
}

func (v *Verifier) mustWait(origins []origin) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	wait, now := time.Duration(0), v.now()
	for _, o := range origins {
		wait = max(wait, v.wrong[o.name].until.Sub(now))
	}
	return wait
}

func (v *Verifier) failed(origins []origin) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	for _, o := range origins {
		f := v.wrong[o.name]
		if now.Sub(f.last) > forgetAfter {
			f = failures{}
		}
		f.n, f.last = f.n+1, now
		if over := f.n - o.tries; over >= 0 {
			f.until = now.Add(min(time.Second<<min(over, 20), longestWait))
		}
		makeRoom(v.wrong, func(f failures) bool { return now.Sub(f.last) > forgetAfter })
		v.wrong[o.name] = f
	}
}

func (v *Verifier) succeeded(digest [32]byte, here origin) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	delete(v.wrong, here.name)
	makeRoom(v.right, now.After)
	v.right[digest] = now.Add(believe)
}

// makeRoom forgets what is old once a memory is full, and then, if need be,
// anything.
func makeRoom[K comparable, V any](m map[K]V, old func(V) bool) {
	if len(m) < remembered {
		return
	}
	for k, e := range m {
		if old(e) {
			delete(m, k)
		}
	}
	for k := range m {
		if len(m) < remembered*9/10 {
			return
		}
		delete(m, k)
	}
}
