package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/postel-mail/postel/cmd/postel/icewarp"
	"github.com/postel-mail/postel/smsengine/account"
)

// at most so many entries are stored at a time: the store puts changes that come
// together into one transaction, and hashing takes what processors there are.
const atOnce = 32

// carryOver stores the entries and notes in the report what came of each.
func (b *books) carryOver(ctx context.Context, entries []icewarp.Entry, r *report) {
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, e := range entries {
		if e.Left != "" {
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if err := b.carry(ctx, e); err != nil {
				r.Entries[i].Result, r.Entries[i].Reason = "failed", words(err).Error()
				return
			}
			r.Entries[i].Result = "added"
		})
	}
	all.Wait()
	r.sum()
}

// hashing is for the memory that a hash takes.
var hashing = make(chan struct{}, 2)

// carry stores one entry. The counters come first: an account that is there is
// left alone, so whatever interrupts an import, doing it again completes it.
func (b *books) carry(ctx context.Context, e icewarp.Entry) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	for _, c := range e.Counters {
		if err := b.SetUsage(ctx, c.Counter, c.Usage); err != nil {
			return err
		}
	}
	if e.Account == nil {
		return nil
	}
	a := *e.Account
	if !e.Password.Empty() {
		hash, err := hashOld(e.Password.Reveal())
		if err != nil {
			return err
		}
		a.Password = hash
	}
	return b.PutAccount(ctx, a)
}

func hashOld(password string) (string, error) {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return account.HashOld(password)
}
