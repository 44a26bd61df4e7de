package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
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

// Bounds of a Verifier.
const (
	atOnce      = 2                // hashes computed at a time
	maxQueued   = 64               // waiting for their turn
	believe     = 15 * time.Minute // how long a right password is remembered
	remembered  = 20000            // entries of each memory
	forgetAfter = time.Hour        // without another wrong password
	longestWait = 15 * time.Minute
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
	if hash != "" && v.remembers(digest) { // whoever was before us brought the same
		return nil
	}
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

// digest is a keyed one. The key goes first: with SHA-256 that would let whoever
// has a digest make that of a longer text, but nobody has one.
func (v *Verifier) digest(parts ...string) [32]byte {
	text := append(make([]byte, 0, 512), v.key[:]...)
	for _, p := range parts {
		text = binary.AppendUvarint(text, uint64(len(p)))
		text = append(text, p...)
	}
	return sha256.Sum256(text)
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
