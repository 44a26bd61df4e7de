package main

import (
	"context"
	"time"

	"github.com/postel-mail/postel/smsengine"
	v1 "github.com/postel-mail/postel/transport/httpapi/v1"
)

// newV1 makes the JSON interface.
func (g *generation) newV1(prefix, domain string) *v1.Handler {
	return v1.New(v1.Options{
		Logins: g.programs(), Desk: g.engine, Operator: g.engine, Store: g.store, Usage: g.usageOf, Webhooks: g.webhooksOf(),
		Phones: g.stages.Parser, Prefix: prefix, Domain: domain, Log: g.log,
	})
}

// usageOf says what an account, or a mail user without one, has used and may use.
func (g *generation) usageOf(ctx context.Context, name string) (v1.Usage, error) {
	accounts, now := g.stages.Accounts, time.Now()
	dir, err := g.store.Directory(ctx)
	if err != nil {
		return v1.Usage{}, err
	}
	refusal := accounts.MaySend(dir, name, now)
	if _, known := dir.Account(name); !known && refusal != nil {
		return v1.Usage{}, smsengine.ErrNotFound
	}
	t := accounts.Terms(dir, name)
	u := v1.Usage{
		Account: name, MaySend: refusal == nil, Refusal: smsengine.StatusOf(refusal).Text,
		Allow: t.Allow, Deny: t.Deny, Expires: string(t.Expires),
	}
	if t.Rate.Parts > 0 {
		u.Rate = &v1.Rate{Parts: t.Rate.Parts, Seconds: int(t.Rate.Every.Seconds())}
	}
	this, previous := accounts.Month(name, now), accounts.PreviousMonth(name, now)
	used, err := g.store.UsageOf(ctx, name)
	if err != nil {
		return u, err
	}
	u.Month = v1.Month{Period: this.Period, Used: used[this.Period].Used, Limit: t.MonthlyLimit, Unit: string(t.LimitUnit), ResetsAt: accounts.Reset(now)}
	u.Previous = v1.Month{Period: previous.Period, Used: used[previous.Period].Used, Unit: string(t.LimitUnit)}
	for _, c := range []smsengine.Counter{this, previous} {
		if last := used[c.Period].Last; last.After(u.LastSent) {
			u.LastSent = last
		}
	}
	return u, nil
}
