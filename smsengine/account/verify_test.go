package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) { c.mu.Lock(); c.now = c.now.Add(d); c.mu.Unlock() }

func temporary(err error) bool {
	e, ok := errors.AsType[*smsengine.Error](err)
	return ok && e.Class == smsengine.Temporary && strings.HasPrefix(e.Code, "4.7.")
}

// Who tries passwords has to wait, longer each time; whoever comes from
// elsewhere, and whoever is known to be right, does not.
func TestThrottle(t *testing.T) {
	c := &clock{now: now}
	v := NewVerifier(c.Now)
	hash, err := Hash("right one")
	if err != nil {
		t.Fatal(err)
	}
	try := func(password, source string) error {
		return v.Verify(t.Context(), "john", hash, password, source)
	}
	if err := try("right one", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	for i := range triesHere {
		if err := try(fmt.Sprint("wrong ", i), "192.0.2.1"); !errors.Is(err, ErrWrong) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if err := try("wrong", "192.0.2.1"); !temporary(err) {
		t.Errorf("one too many: %v", err)
	}
	if err := try("right one", "192.0.2.1"); err != nil {
		t.Errorf("who was right before is let in: %v", err)
	}
	if err := try("wrong", "192.0.2.2"); !errors.Is(err, ErrWrong) {
		t.Errorf("from elsewhere: %v", err)
	}
	if err := v.Verify(t.Context(), "mary", "", "wrong", "192.0.2.1"); !errors.Is(err, ErrWrong) {
		t.Errorf("another account: %v", err)
	}
	c.pass(1500 * time.Millisecond)
	if err := try("wrong", "192.0.2.1"); !errors.Is(err, ErrWrong) {
		t.Errorf("after a second: %v", err)
	}
	c.pass(1500 * time.Millisecond)
	if err := try("wrong", "192.0.2.1"); !temporary(err) {
		t.Errorf("the wait has doubled: %v", err)
	}
	c.pass(2 * time.Hour)
	if err := try("right one", "192.0.2.1"); err != nil {
		t.Errorf("two hours later: %v", err)
	}
}

// A source that tries many accounts, as a network of IPv6, has to wait for all of
// them; so has an account that many sources try, for unknown passwords.
func TestThrottleOfSourceAndAccount(t *testing.T) {
	v := NewVerifier((&clock{now: now}).Now)
	for i := range triesSource {
		if err := v.Verify(t.Context(), fmt.Sprint("user", i), "", "x", fmt.Sprintf("2001:db8::%x", i)); !errors.Is(err, ErrWrong) {
			t.Fatal(i, err)
		}
	}
	if err := v.Verify(t.Context(), "another", "", "x", "2001:db8::ffff"); !temporary(err) {
		t.Error(err)
	}
	if err := v.Verify(t.Context(), "another", "", "x", "2001:db8:1::1"); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	for i := range triesName {
		v.failed(originsOf("john", fmt.Sprintf("198.51.100.%d", i)))
	}
	if err := v.Verify(t.Context(), "john", "", "x", "192.0.2.200"); !temporary(err) {
		t.Error(err)
	}
}

// A password that was changed is not believed for the old one's sake, and one
// that was right is forgotten after a while.
func TestRememberedPasswords(t *testing.T) {
	c := &clock{now: now}
	v := NewVerifier(c.Now)
	first, _ := Hash("the first")
	second, _ := Hash("the second")
	if err := v.Verify(t.Context(), "john", first, "the first", ""); err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(t.Context(), "john", second, "the first", ""); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	if err := v.Verify(t.Context(), "mary", "", "the first", ""); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	if !v.remembers(v.digest("john", first, "the first")) {
		t.Error("a right password is not remembered")
	}
	c.pass(believe + time.Second)
	if v.remembers(v.digest("john", first, "the first")) {
		t.Error("a right password is remembered for ever")
	}
}

// Whoever asks while too many wait is told to come again, and so is one whose
// time is over.
func TestVerifierIsBounded(t *testing.T) {
	v := NewVerifier(nil)
	for range atOnce {
		v.turns <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.Verify(ctx, "john", "", "x", ""); !temporary(err) {
		t.Error(err)
	}
	v.queued = maxQueued
	if err := v.Verify(t.Context(), "john", "", "x", ""); !temporary(err) {
		t.Error(err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	v := NewVerifier(nil)
	for i := range 2 * remembered {
		v.failed(originsOf(fmt.Sprint(i), ""))
	}
	if n := len(v.wrong); n > remembered {
		t.Errorf("%d entries", n)
	}
}

func TestHash(t *testing.T) {
	for password, ok := range map[string]bool{
		"alertpwd": true, "pässwörd": true, "short": false, strings.Repeat("x", 129): false,
		"two\nlines": false, "\xff\xff\xff\xff\xff\xff": false,
	} {
		hash, err := Hash(password)
		if (err == nil) != ok || ok && !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%q: %s, %v", password, hash, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	hash, _ := Hash("right one")
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			_ = NewVerifier(nil).Verify(b.Context(), "john", hash, "right one", "")
		}
	})
	b.Run("remembered", func(b *testing.B) {
		v := NewVerifier(nil)
		for b.Loop() {
			_ = v.Verify(b.Context(), "john", hash, "right one", "")
		}
	})
}
