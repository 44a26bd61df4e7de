package storetest

import (
	"fmt"
	"reflect"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

var directoryCases = map[string]func(*bed){
	"a Directory does not change":           directoryStays,
	"a change is in the next Directory":     directoryNext,
	"a Directory is what a new start loads": directoryStored,
}

func (b *bed) directory() *smsengine.Directory {
	b.Helper()
	d, err := b.store.Directory(b.ctx())
	if err != nil || d == nil {
		b.Fatalf("directory: %v, %v", d, err)
	}
	return d
}

func directoryStays(b *bed) {
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
func directoryNext(b *bed) {
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
func directoryStored(b *bed) {
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
