package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

var accountCases = map[string]func(*bed){
	"are kept, field by field":              accountFields,
	"one name, one account":                 accountExists,
	"two changes at once":                   accountChanged,
	"two changes at once, concurrently":     accountChangedTogether,
	"a member is in one account":            accountMembers,
	"one member, concurrently":              accountMembersTogether,
	"what is wrong disturbs nobody":         accountWrongTogether,
	"a removed account leaves what it used": accountRemoved,
	"keys":                                  accountKeys,
	"a key is used with what it let in":     accountKeyUsed,
	"stop and resume":                       accountStops,
	"counters can be looked at and set":     accountUsage,
	"a Directory does not change":           accountDirectory,
	"a change is in the next Directory":     accountDirectoryTogether,
	"a Directory is what a new start loads": accountDirectoryIsStored,
}

func (b *bed) directory() *smsengine.Directory {
	b.Helper()
	d, err := b.store.Directory(b.ctx())
	if err != nil || d == nil {
		b.Fatalf("directory: %v, %v", d, err)
	}
	return d
}

// put stores an account and gives it as the Directory has it.
func (b *bed) put(a smsengine.Account) smsengine.Account {
	b.Helper()
	if err := b.store.PutAccount(b.ctx(), a); err != nil {
		b.Fatalf("put %s: %v", a.Name, err)
	}
	got, ok := b.directory().Account(a.Name)
	if !ok {
		b.Fatalf("%s was stored, and is not in the Directory", a.Name)
	}
	return got
}

func (b *bed) wantErr(what string, got, want error) {
	b.Helper()
	if !errors.Is(got, want) {
		b.Errorf("%s: %v, want %q", what, got, want)
	}
}

var anyNames = rapid.SliceOfNDistinct(anyWord, 0, 4, rapid.ID[string])

var anyPolicy = rapid.Custom(func(t *rapid.T) smsengine.Policy {
	some := func(name string) bool { return rapid.Bool().Draw(t, "has "+name) }
	var p smsengine.Policy
	if some("send") {
		p.Send = new(rapid.Bool().Draw(t, "send"))
	}
	if some("limit") {
		p.MonthlyLimit, p.LimitUnit = new(rapid.IntRange(0, 1e6).Draw(t, "limit")), new(smsengine.CountMessages)
	}
	if some("rate") {
		p.Rate = new(rapid.SampledFrom([]smsengine.Rate{{}, {Parts: 5, Every: time.Minute}, {Parts: 100, Every: 90 * time.Minute}}).Draw(t, "rate"))
	}
	if some("allow") {
		p.Allow = append([]string{}, anyNames.Draw(t, "allow")...) // [] is not nothing
	}
	if some("sender") {
		p.Sender, p.Expires = new(anyString.Draw(t, "sender")), new(smsengine.Date("2027-01-31"))
	}
	return p
})

// An account is what it was, after a stop too.
func accountFields(b *bed) {
	var all []smsengine.Account
	rapid.Check(b.T, func(t *rapid.T) {
		b.n++
		prefixed := func(names []string) []string {
			for i := range names {
				names[i] = fmt.Sprint(b.n, names[i], "@example.org")
			}
			return names
		}
		a := smsengine.Account{
			Name: fmt.Sprint("account", b.n, anyString.Draw(t, "name")), Description: anyString.Draw(t, "description"),
			Members: prefixed(anyNames.Draw(t, "members")), Owns: anyNames.Draw(t, "owns"), Contact: anyString.Draw(t, "contact"),
			Disabled: rapid.Bool().Draw(t, "disabled"), Policy: anyPolicy.Draw(t, "policy"), Password: anyString.Draw(t, "password"),
			Created: anyTimeOrNone.Draw(t, "created"), Changed: anyTimeOrNone.Draw(t, "changed"),
		}
		if err := b.store.PutAccount(b.ctx(), a); err != nil {
			t.Fatal(err)
		}
		a.Version = 1
		if rapid.Bool().Draw(t, "again") {
			a.Description, a.Members = anyString.Draw(t, "description"), prefixed(anyNames.Draw(t, "members"))
			if err := b.store.PutAccount(b.ctx(), a); err != nil {
				t.Fatal(err)
			}
			a.Version = 2
		}
		d := b.directory()
		got, _ := d.Account(a.Name)
		if diff := differences(got, a); diff != "" {
			t.Fatalf("account: %s", diff)
		}
		if (got.Policy.Allow == nil) != (a.Policy.Allow == nil) {
			t.Fatal("a list that says nothing, and one that allows nothing, were mixed up")
		}
		for _, m := range a.Members {
			if of, _ := d.Member(m); of != a.Name {
				t.Fatalf("%s is a member of %q", m, of)
			}
		}
		all = append(all, a)
	})
	b.reopen()
	for _, a := range all {
		got, _ := b.directory().Account(a.Name)
		if diff := differences(got, a); diff != "" {
			b.Errorf("account after a stop: %s", diff)
		}
	}
}

func accountExists(b *bed) {
	b.put(smsengine.Account{Name: "alerts", Description: "one"})
	b.wantErr("a name that is taken", b.store.PutAccount(b.ctx(), smsengine.Account{Name: "alerts", Description: "two"}), smsengine.ErrExists)
	if a, _ := b.directory().Account("alerts"); a.Description != "one" || a.Version != 1 {
		b.Errorf("it is %+v now", a)
	}
}

func accountChanged(b *bed) {
	a := b.put(smsengine.Account{Name: "alerts"})
	mine, yours := a, a
	mine.Description, yours.Description = "mine", "yours"
	if got := b.put(mine); got.Version <= a.Version || got.Description != "mine" {
		b.Errorf("changed: %+v", got)
	}
	b.wantErr("a change of what is gone", b.store.PutAccount(b.ctx(), yours), smsengine.ErrChanged)
	if got, _ := b.directory().Account("alerts"); got.Description != "mine" {
		b.Errorf("it is %+v now", got)
	}
	got, _ := b.directory().Account("alerts")
	if err := b.store.RemoveAccount(b.ctx(), "alerts"); err != nil {
		b.Fatal(err)
	}
	b.wantErr("a change of a removed account", b.store.PutAccount(b.ctx(), got), smsengine.ErrChanged)
	if _, there := b.directory().Account("alerts"); there {
		b.Error("a change brought it back")
	}
}

func accountChangedTogether(b *bed) {
	a := b.put(smsengine.Account{Name: "alerts"})
	var won atomic.Int64
	together(16, func(i int) {
		mine := a
		mine.Description = fmt.Sprint(i)
		switch err := b.store.PutAccount(b.ctx(), mine); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, smsengine.ErrChanged):
			b.Errorf("put: %v", err)
		}
	})
	if won.Load() != 1 {
		b.Errorf("%d of 16 changes of one version were made, want 1", won.Load())
	}
}

func accountMembers(b *bed) {
	sales := b.put(smsengine.Account{Name: "sales", Members: []string{"john@example.org", "@example.com", "john@example.org"}})
	before := b.directory()
	err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: "support", Members: []string{"mary@example.org", "john@example.org"}})
	wrong, ok := errors.AsType[*smsengine.Error](err)
	if !ok || wrong.Class != smsengine.Permanent || !strings.Contains(wrong.Text, "sales") || !strings.Contains(wrong.Text, "john@example.org") {
		b.Errorf("a member of another account: %v, want an *Error that names both", err)
	}
	after := b.directory()
	if _, there := after.Account("support"); there {
		b.Error("an account that was refused is there")
	}
	if _, there := after.Member("mary@example.org"); there {
		b.Error("a member of an account that was refused is there")
	}
	if of, _ := before.Member("john@example.org"); of != "sales" {
		b.Errorf("john was a member of %q", of)
	}
	if a, _ := after.Shared("anybody@example.com"); a.Name != "sales" {
		b.Errorf("the users of a member domain share %q", a.Name)
	}

	// A change that is refused changes nothing either.
	support := b.put(smsengine.Account{Name: "support", Members: []string{"mary@example.org"}})
	bad := support
	bad.Description, bad.Members = "changed", []string{"@example.com"}
	if err := b.store.PutAccount(b.ctx(), bad); err == nil {
		b.Error("a change took another account's member")
	}
	if got, _ := b.directory().Account("support"); got.Version != support.Version || got.Description != "" {
		b.Errorf("it is %+v now", got)
	}
	if of, _ := b.directory().Member("mary@example.org"); of != "support" {
		b.Errorf("mary is a member of %q", of)
	}

	// Who is let go can be taken.
	sales.Members = []string{"@example.com"}
	b.put(sales)
	support.Members = append(support.Members, "john@example.org")
	b.put(support)
	if err := b.store.RemoveAccount(b.ctx(), "sales"); err != nil {
		b.Fatal(err)
	}
	b.put(smsengine.Account{Name: "shop", Members: []string{"@example.com"}})
	for member, want := range map[string]string{"john@example.org": "support", "mary@example.org": "support", "@example.com": "shop"} {
		if of, _ := b.directory().Member(member); of != want {
			b.Errorf("%s is a member of %q, want %q", member, of, want)
		}
	}
}

func accountMembersTogether(b *bed) {
	var won atomic.Int64
	together(16, func(i int) {
		err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: fmt.Sprint("a", i), Members: []string{"john@example.org"}})
		if _, refused := errors.AsType[*smsengine.Error](err); err == nil {
			won.Add(1)
		} else if !refused {
			b.Errorf("put: %v", err)
		}
	})
	if _, there := b.directory().Member("john@example.org"); !there || won.Load() != 1 {
		b.Errorf("%d accounts got the same member, want 1", won.Load())
	}
}

// A change that is refused shares a transaction with others, and they are made.
func accountWrongTogether(b *bed) {
	const n = 40
	b.put(smsengine.Account{Name: "taken", Members: []string{"john@example.org"}})
	ms := make([]smsengine.Message, n)
	for i := range ms {
		ms[i] = b.text(paidBy("john", 1))
	}
	together(3*n, func(i int) {
		switch i % 3 {
		case 0:
			err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: fmt.Sprint("bad", i), Members: []string{"a@example.org", "john@example.org"}})
			if err == nil {
				b.Error("a member of another account was taken")
			}
		case 1:
			if err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: fmt.Sprint("good", i)}); err != nil {
				b.Error(err)
			}
		case 2:
			if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i/3 : i/3+1]}); err != nil {
				b.Error(err)
			}
		}
	})
	b.wantUsage("john", n)
	b.reopen()
	for i := range 3 * n {
		_, good := b.directory().Account(fmt.Sprint("good", i))
		_, bad := b.directory().Account(fmt.Sprint("bad", i))
		if good != (i%3 == 1) || bad {
			b.Errorf("number %d: there %t, the refused one %t", i, good, bad)
		}
	}
	if _, there := b.directory().Member("a@example.org"); there {
		b.Error("a refused account left a member")
	}
}

func accountRemoved(b *bed) {
	b.put(smsengine.Account{Name: "alerts", Members: []string{"john@example.org"}})
	b.put(smsengine.Account{Name: "other"})
	b.putKey("k1", "alerts", 0)
	b.putKey("k2", "other", 0)
	b.stopIt("alerts", "because")
	b.stopIt("other", "because")
	b.accept(b.text(paidBy("alerts", 3)))
	if err := b.store.RemoveAccount(b.ctx(), "alerts"); err != nil {
		b.Fatal(err)
	}
	b.wantErr("to remove it again", b.store.RemoveAccount(b.ctx(), "alerts"), smsengine.ErrNotFound)
	for range 2 {
		d := b.directory()
		_, account := d.Account("alerts")
		_, member := d.Member("john@example.org")
		_, key := d.KeyByID("k1")
		_, stopped := d.Stopped("alerts")
		if account || member || key || stopped {
			b.Errorf("left of it: account %t, member %t, key %t, stop %t", account, member, key, stopped)
		}
		_, account = d.Account("other")
		_, key = d.KeyByID("k2")
		_, stopped = d.Stopped("other")
		if !account || !key || !stopped {
			b.Errorf("left of the other: account %t, key %t, stop %t", account, key, stopped)
		}
		b.wantUsage("alerts", 3)
		b.reopen()
	}
	if a := b.put(smsengine.Account{Name: "alerts"}); len(a.Members) != 0 {
		b.Errorf("a new one of the name: %+v", a)
	}
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

func accountKeys(b *bed) {
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

func accountKeyUsed(b *bed) {
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

func accountStops(b *bed) {
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

func accountUsage(b *bed) {
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

func accountDirectory(b *bed) {
	if d := b.directory(); d != b.directory() {
		b.Error("asked twice, it was made twice")
	}
	old := b.directory()
	a := b.put(smsengine.Account{Name: "alerts", Members: []string{"john@example.org"}})
	now := b.directory()
	a.Description = "changed"
	b.put(a)
	b.putKey("k1", "alerts", 0)
	b.stopIt("alerts", "because")
	if _, there := old.Account("alerts"); there {
		b.Error("a Directory got an account after it was given")
	}
	got, _ := now.Account("alerts")
	_, key := now.KeyByID("k1")
	if _, stopped := now.Stopped("alerts"); got.Description != "" || key || stopped {
		b.Errorf("a Directory changed after it was given: %+v, key %t, stop %t", got, key, stopped)
	}
}

// Whoever was told that his change is made finds it.
func accountDirectoryTogether(b *bed) {
	together(12, func(i int) {
		for n := range 8 {
			name := fmt.Sprint("a", i, ".", n)
			if err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: name}); err != nil {
				b.Errorf("put: %v", err)
				return
			}
			d, err := b.store.Directory(b.ctx())
			if _, there := d.Account(name); err != nil || !there {
				b.Errorf("%s is not in the next Directory (%v)", name, err)
			}
			if _, there := d.Account(fmt.Sprint("a", i, ".", n+1)); there {
				b.Errorf("the one after %s is in the Directory already", name)
			}
		}
	})
}

// Whatever administrators do, the Directory that is kept up to date is the one
// that a new start makes of what is stored.
func accountDirectoryIsStored(b *bed) {
	rapid.Check(b.T, func(t *rapid.T) {
		name := func() string { return rapid.SampledFrom([]string{"a", "b", "c", "@d"}).Draw(t, "name") }
		id := func() string { return rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "key") }
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				a, _ := b.directory().Account(name())
				a.Name, a.Description, a.Members = name(), anyWord.Draw(t, "description"), anyNames.Draw(t, "members")
				_ = b.store.PutAccount(b.ctx(), a) // some are refused
			},
			"remove": func(*rapid.T) { _ = b.store.RemoveAccount(b.ctx(), name()) },
			"put key": func(*rapid.T) {
				k := id()
				_ = b.store.PutKey(b.ctx(), smsengine.Key{ID: k, Account: name(), Digest: digestOf(k), Created: start})
			},
			"revoke": func(*rapid.T) { _ = b.store.RevokeKey(b.ctx(), id(), start) },
			"stop": func(*rapid.T) {
				_ = b.store.StopAccount(b.ctx(), smsengine.Stop{Account: name(), At: start, Reason: anyWord.Draw(t, "reason")})
			},
			"resume": func(*rapid.T) { _ = b.store.ResumeAccount(b.ctx(), name()) },
			"pass a limit": func(*rapid.T) {
				c := name()
				b.take(b.text(paidBy(c, 2)), limit(c, "2026-11", smsengine.Limit{Most: 1, Stop: "too much"}))
			},
		})
		before := b.directory()
		b.reopen()
		after := b.directory()
		if !reflect.DeepEqual(describe(before), describe(after)) {
			t.Fatalf("it was %+v\nand is %+v", describe(before), describe(after))
		}
	})
}

// describe gives all that can be asked of a Directory about the names of the test.
func describe(d *smsengine.Directory) (all []any) {
	for _, a := range d.Accounts() {
		all = append(all, a.Name, a.Description, a.Members, a.Version)
		for _, m := range a.Members {
			of, _ := d.Member(m)
			all = append(all, of)
		}
	}
	all = append(all, d.Stops())
	for _, id := range []string{"k1", "k2", "k3"} {
		k, there := d.KeyByID(id)
		_, known := d.Key(digestOf(id))
		all = append(all, k, there, known)
	}
	return all
}
