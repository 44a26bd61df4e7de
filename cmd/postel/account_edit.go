package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// edit is what the options of add and set say about an account.
type edit struct {
	fs                  *flag.FlagSet
	description         string
	contact             string
	members, owns       addresses
	notMembers, notOwns addresses
	disabled            bool
	stdin, prompt       bool
	secret              bool // a password was given as an option
}

func (e *edit) flags(fs *flag.FlagSet, fresh bool) {
	e.fs = fs
	fs.StringVar(&e.description, "description", "", "a `text` of one line")
	fs.StringVar(&e.contact, "contact", "", "the mail `address` that gets warnings, and reports where the sender is not the account's own")
	fs.Var(&e.members, "member", "an `address`, or @domain, whose authenticated users share the account; may be given several times")
	fs.Var(&e.owns, "owns", "an `address`, or @domain, that the account may write from and get answers at; may be given several times")
	if fresh {
		fs.BoolVar(&e.disabled, "disabled", false, "may not send yet")
		fs.BoolVar(&e.stdin, "password-stdin", false, "read a password from standard input")
		fs.BoolVar(&e.prompt, "password-prompt", false, "ask for a password")
	} else {
		fs.Var(&e.notMembers, "remove-member", "a member's `address` that leaves; may be given several times")
		fs.Var(&e.notOwns, "remove-owns", "an `address` that the account may not write from any more; may be given several times")
	}
	forbidPassword(fs, &e.secret)
}

// policyHelp explains KEY=VALUE in the help of add and set.
func policyHelp() string {
	return "KEY is " + strings.Join(policyKeys(), ", ") + ",\n" +
		"as in [access] of postel.toml (postel.toml(5)); lists are joined by commas:\n" +
		"allow=home,+44. A VALUE of \"none\" is an explicit nothing: no limit, no fixed gateway,\n" +
		"nowhere, no end."
}

func accountAddCommand() *command {
	return &command{
		name: "add", args: "NAME [KEY=VALUE]...", short: "make an account",
		long: "Makes an account. One with a plain name, or of a mail user, may send from now on; that of\n" +
			"a domain (\"@example.org\") is a policy, and says nothing until a key is set (send=true).\n\n" + policyHelp(),
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			e := new(edit)
			e.flags(fs, true)
			return func(ctx context.Context, t *terminal, args []string) error {
				if e.secret {
					return usageError(whyNoArgument)
				}
				if len(args) == 0 {
					return usageError("give the account a name")
				}
				if e.stdin && e.prompt {
					return usageError("give --password-stdin or --password-prompt, not both")
				}
				name := strings.ToLower(args[0])
				var policy smsengine.Policy
				if _, err := setPolicy(&policy, args[1:]); err != nil {
					return err
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					return "added " + name, b.add(ctx, t, name, args[1:], e)
				})
			}
		},
	}
}

func accountSetCommand() *command {
	return &command{
		name: "set", args: "NAME [KEY=VALUE]...", short: "change an account",
		long: "Changes what is named and leaves the rest. \"KEY=\" without a value lets the account\n" +
			"inherit the key again.\n\n" + policyHelp(),
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			e := new(edit)
			e.flags(fs, false)
			return func(ctx context.Context, t *terminal, args []string) error {
				if e.secret {
					return usageError(whyNoArgument)
				}
				if len(args) == 0 {
					return usageError("give the name of an account, and what to change")
				}
				name, policy := strings.ToLower(args[0]), smsengine.Policy{}
				named, err := setPolicy(&policy, args[1:])
				if err != nil {
					return err
				}
				if len(named) == 0 && !e.says() {
					return usageError("say what to change: KEY=VALUE, or an option")
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					return "changed " + name, b.set(ctx, t, name, args[1:], e)
				})
			}
		},
	}
}

// says reports whether an option other than -c was given.
func (e *edit) says() (any bool) {
	e.fs.Visit(func(f *flag.Flag) { any = any || f.Name != "c" })
	return any
}

func (e *edit) given(name string) (given bool) {
	e.fs.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// apply makes the changes to an account.
func (e *edit) apply(a *smsengine.Account) error {
	if e.given("description") {
		a.Description = e.description
	}
	if e.given("contact") {
		a.Contact = e.contact
	}
	var err error
	if a.Members, err = change("members", a.Members, e.members, e.notMembers); err == nil {
		a.Owns, err = change("owns", a.Owns, e.owns, e.notOwns)
	}
	return err
}

// change adds to and removes from a list of addresses, which stays sorted.
func change(field string, list, add, remove []string) ([]string, error) {
	list = slices.Clone(list)
	for _, item := range split(remove) {
		at := slices.Index(list, item)
		if at < 0 {
			return nil, &account.Mistake{Field: field, What: item + " is not among them", Remedy: "postel account show lists them"}
		}
		list = slices.Delete(list, at, at+1)
	}
	for _, item := range split(add) {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	slices.Sort(list)
	return list, nil
}

// split takes apart what was joined by commas, in lower case.
func split(items []string) (all []string) {
	for _, item := range items {
		for one := range strings.SplitSeq(item, ",") {
			all = append(all, strings.ToLower(strings.TrimSpace(one)))
		}
	}
	return all
}

// add makes an account. The password is asked for last, when all else is right.
func (b *books) add(ctx context.Context, t *terminal, name string, policy []string, e *edit) error {
	a := account.New(name, b.now)
	a.Disabled = e.disabled
	if err := e.apply(&a); err != nil {
		return err
	}
	named, err := setPolicy(&a.Policy, policy)
	if err != nil {
		return err
	}
	if err := b.check(a, named); err != nil {
		return err
	}
	if _, taken := b.dir.Account(name); taken {
		return fmt.Errorf("there is an account %s already; postel account set changes it", name)
	}
	if e.stdin || e.prompt {
		if a.IsDomain() {
			return fmt.Errorf("%s is the policy of a domain: nobody signs in as it", name)
		}
		if a.Password, err = readPassword(ctx, t, name, e.prompt || asPerson(t)); err != nil {
			return err
		}
	}
	b.remark(t, a)
	return b.words(b.PutAccount(ctx, a))
}

// set changes an account.
func (b *books) set(ctx context.Context, t *terminal, name string, policy []string, e *edit) error {
	a, err := b.find(name)
	if err != nil {
		return err
	}
	if err := e.apply(&a); err != nil {
		return err
	}
	named, err := setPolicy(&a.Policy, policy)
	if err != nil {
		return err
	}
	if err := b.check(a, named); err != nil {
		return err
	}
	a.Changed = b.now
	b.remark(t, a)
	return b.words(b.PutAccount(ctx, a))
}
