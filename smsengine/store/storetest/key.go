package storetest

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var keyCases = map[string]func(*bed){
	"keys":                              keysKept,
	"tokens":                            tokensKept,
	"a key is used with what it let in": keysUsed,
	"stop and resume":                   stopsKept,
	"counters can be looked at and set": usageKept,
}

func (b *bed) stopIt(account, reason string) {
	b.Helper()
	if err := b.store.StopAccount(b.ctx(), smsengine.Stop{Account: account, At: start, Reason: reason}); err != nil {
		b.Fatal(err)
	}
}

func digestOf(id string) (d [32]byte) {
	copy(d[:], id)
	return d
}

// putKey stores a key that was made so long after the start.
func (b *bed) putKey(id, account string, after time.Duration) smsengine.Key {
	b.Helper()
	k := smsengine.Key{ID: id, Account: account, Number: "+1555*", Digest: digestOf(id), Note: "of " + account, Created: start.Add(after)}
	if err := b.store.PutKey(b.ctx(), k); err != nil {
		b.Fatalf("put key %s: %v", id, err)
	}
	return k
}

func (b *bed) keys(account string) []smsengine.Key {
	b.Helper()
	keys, err := b.store.Keys(b.ctx(), account)
	if err != nil {
		b.Fatal(err)
	}
	return keys
}

func keysKept(b *bed) {
	one := b.putKey("k1", "alerts", time.Second)
	two := b.putKey("k2", "john@example.org", 2*time.Second)
	three := b.putKey("k3", "alerts", 3*time.Second)
	for id, digest := range map[string]string{"k1": "new", "new": "k1"} {
		err := b.store.PutKey(b.ctx(), smsengine.Key{ID: id, Account: "other", Number: "+1", Digest: digestOf(digest), Created: start})
		b.wantErr("key "+id+" of digest "+digest, err, smsengine.ErrExists)
	}
	for account, want := range map[string][]smsengine.Key{"": {three, two, one}, "alerts": {three, one}, "john@example.org": {two}, "nobody": nil} {
		got := b.keys(account)
		if len(got) != len(want) {
			b.Errorf("keys of %q: %+v", account, got)
			continue
		}
		for i := range got {
			if diff := differences(got[i], want[i]); diff != "" {
				b.Errorf("key %d of %q: %s", i, account, diff)
			}
		}
	}
	if k, ok := b.directory().Key(two.Digest); !ok || differences(k, two) != "" {
		b.Errorf("by its digest: %+v, %t", k, ok)
	}

	b.wantErr("to revoke none", b.store.RevokeKey(b.ctx(), "k9", start), smsengine.ErrNotFound)
	two.Revoked = start.Add(time.Hour)
	for i := range 2 { // the first time holds
		if err := b.store.RevokeKey(b.ctx(), "k2", two.Revoked.Add(time.Duration(i)*time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	b.reopen()
	if k, ok := b.directory().Key(two.Digest); !ok || differences(k, two) != "" {
		b.Errorf("revoked: %+v, %t", k, ok)
	}
	if k, _ := b.directory().KeyByID("k1"); !k.Revoked.IsZero() {
		b.Errorf("another one was revoked: %+v", k)
	}
}

func tokensKept(b *bed) {
	all := smsengine.ScopeSend | smsengine.ScopeRead | smsengine.ScopeIncoming | smsengine.ScopeAdmin
	key := b.putKey("k1", "alerts", 0)
	one := smsengine.Key{ID: "t1", Account: "alerts", Number: "*", Digest: digestOf("t1"), Created: start.Add(time.Second), Scopes: smsengine.ScopeRead}
	two := smsengine.Key{ID: "t2", Account: "alerts", Number: "*", Digest: digestOf("t2"), Created: start.Add(2 * time.Second), Scopes: all, Expires: start.Add(time.Hour)}
	for _, k := range []smsengine.Key{one, two} {
		if err := b.store.PutKey(b.ctx(), k); err != nil {
			b.Fatal(err)
		}
	}
	for range 2 {
		if got := b.keys("alerts"); len(got) != 3 || got[0] != two || got[1] != one || got[2] != key {
			b.Errorf("keys and tokens: %+v", got)
		}
		if k, _ := b.directory().Key(two.Digest); k != two || !k.IsToken() || !k.Valid(start) || k.Valid(two.Expires) {
			b.Errorf("by its digest: %+v", k)
		}
		if k, _ := b.directory().KeyByID("k1"); k.IsToken() || !k.Valid(two.Expires) {
			b.Errorf("a key of addresses: %+v", k)
		}
		b.reopen()
	}
}

func keysUsed(b *bed) {
	b.putKey("k1", "alerts", 0)
	b.putKey("k2", "alerts", 0)
	use := func(after time.Duration, m smsengine.Message) {
		src := source()
		src.Received = start.Add(after)
		if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{m}, KeysUsed: []string{"k1", "unknown"}}); err != nil {
			b.Fatal(err)
		}
	}
	before := b.directory()
	use(time.Hour, b.text())
	use(time.Minute, b.text()) // one that waited longer
	if b.directory() != before {
		b.Error("the use of a key made a new Directory")
	}
	b.reopen()
	for _, k := range b.keys("alerts") {
		if want := map[string]time.Time{"k1": start.Add(time.Hour)}[k.ID]; !k.LastUsed.Equal(want) {
			b.Errorf("%s was last used at %v, want %v", k.ID, k.LastUsed, want)
		}
	}
}

func stopsKept(b *bed) {
	b.wantErr("to resume what was not stopped", b.store.ResumeAccount(b.ctx(), "john"), smsengine.ErrNotFound)
	b.stopIt("john", "first")
	b.stopIt("mary", "first")
	s := smsengine.Stop{Account: "john", At: start.Add(time.Hour), Reason: "second"}
	if err := b.store.StopAccount(b.ctx(), s); err != nil {
		b.Fatal(err)
	}
	if got, _ := b.directory().Stopped("john"); got != s {
		b.Errorf("stopped again: %+v, want %+v", got, s)
	}
	if err := b.store.ResumeAccount(b.ctx(), "john"); err != nil {
		b.Fatal(err)
	}
	for range 2 {
		_, john := b.directory().Stopped("john")
		_, mary := b.directory().Stopped("mary")
		if john || !mary {
			b.Errorf("john is stopped: %t, mary: %t", john, mary)
		}
		b.reopen()
	}
}

func usageKept(b *bed) {
	b.accept(b.text(paidBy("john", 4), charged("john", day, 1)), b.text(paidBy("mary", 2)))
	set := func(account, period string, used int, last time.Time) {
		b.Helper()
		if err := b.store.SetUsage(b.ctx(), smsengine.Counter{Account: account, Period: period}, smsengine.Usage{Used: used, Last: last}); err != nil {
			b.Fatal(err)
		}
	}
	set("john", "2026-11", 1, time.Time{})
	set("anna", "2026-11", 9, time.Time{})
	set("mary", day, 7, start.Add(time.Hour))
	set("mary", day, 8, time.Time{})
	if err := b.store.SetUsage(b.ctx(), smsengine.Counter{Account: "john", Period: "2026-11"}, smsengine.Usage{Used: -1}); err == nil {
		b.Error("a counter was set to less than nothing")
	}
	b.reopen()
	of, err := b.store.UsageOf(b.ctx(), "john")
	if want := (map[string]smsengine.Usage{"2026-11": {Used: 1, Last: start}, day: {Used: 1, Last: start}}); err != nil || fmt.Sprint(of) != fmt.Sprint(want) {
		b.Errorf("john used %v, want %v (%v)", of, want, err)
	}
	in, err := b.store.UsedIn(b.ctx(), "2026-11")
	if want := (map[string]smsengine.Usage{"john": {Used: 1, Last: start}, "mary": {Used: 2, Last: start}, "anna": {Used: 9}}); err != nil || fmt.Sprint(in) != fmt.Sprint(want) {
		b.Errorf("in November %v, want %v (%v)", in, want, err)
	}
	if u, err := b.store.Usage(b.ctx(), smsengine.Counter{Account: "mary", Period: day}); err != nil || u != (smsengine.Usage{Used: 8, Last: start.Add(time.Hour)}) {
		b.Errorf("mary's day is %v (%v)", u, err)
	}
	if none, err := b.store.UsageOf(b.ctx(), "nobody"); err != nil || none == nil || len(none) != 0 {
		b.Errorf("nobody used %v (%v)", none, err)
	}
	if a := b.take(b.text(paidBy("anna", 1)), monthly("anna", 9)); a.Err == nil {
		b.Error("a counter that was set full is not full")
	}
	if a := b.take(b.text(paidBy("john", 3)), monthly("john", 4)); a.Err != nil {
		b.Errorf("a counter that was set back: %v", a.Err)
	}
	// What is given back is no more than is there.
	m := b.accept(b.text(paidBy("mary", 5)))[0]
	set("mary", "2026-11", 1, time.Time{})
	b.record(event(m, smsengine.CancelReq))
	b.wantUsage("mary", 0)
}
