package storetest

import (
	"errors"
	"fmt"
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
