package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi/monitor"
	"github.com/postel-mail/postel/transport/metrics"
)

// checks are what must be well for messages to be taken. A gateway that is not
// ready is none of them: texts wait for it.
func (s *service) checks() []monitor.Check {
	ill := func(words string) error { return smsengine.Fail("ready", smsengine.Temporary, "4.3.2", words, nil) }
	return []monitor.Check{
		{Name: "service", Do: func(context.Context) error {
			if s.ending.Load() {
				return ill("it is ending")
			}
			return nil
		}},
		{Name: "engine", Do: func(context.Context) error {
			if !s.engine.Running() {
				return ill("it does not run")
			}
			return nil
		}},
		{Name: "doors", Do: func(context.Context) error {
			var shut []string
			for _, d := range s.now.Load().doors {
				if !d.open.Load() {
					shut = append(shut, d.name)
				}
			}
			if len(shut) > 0 {
				return ill("closed: " + strings.Join(shut, ", "))
			}
			return nil
		}},
		{Name: "store", Do: s.store.Check},
	}
}

// newMetrics makes the page of metrics, of which the control socket and the door
// for programs have the same.
func (s *service) newMetrics() http.Handler {
	return metrics.New(metrics.Options{
		Version: buildVersion(), Ready: s.ready.Ask, Counts: s.store.Counts, Waiting: s.store.Waiting,
		Gateways: s.engine.States, Use: s.use, Store: s.store.Figures, Doors: s.traffic, Log: s.log,
	})
}

// traffic is what went through the doors.
func (s *service) traffic() []metrics.Door {
	doors := s.now.Load().doors
	all := make([]metrics.Door, len(doors))
	for i, d := range doors {
		all[i] = metrics.Door{Name: d.name, Figures: d.listener.Figures()}
		switch server := d.server.(type) {
		case httpDoor:
			f := metrics.HTTP(server.Figures())
			all[i].HTTP = &f
		case hooksDoor:
			all[i].HTTP = &metrics.HTTP{Limited: server.Limited()}
		}
	}
	return all
}

// use says what accounts and mail users have used this month, and all of them
// today.
func (s *service) use(ctx context.Context) (metrics.Use, error) {
	accounts, now := s.now.Load().stages.Accounts, time.Now()
	dir, err := s.store.Directory(ctx)
	if err != nil {
		return metrics.Use{}, err
	}
	used, err := s.store.UsedIn(ctx, accounts.Month("", now).Period)
	if err != nil {
		return metrics.Use{}, err
	}
	before, err := s.store.UsedIn(ctx, accounts.PreviousMonth("", now).Period)
	if err != nil {
		return metrics.Use{}, err
	}
	day, err := s.store.Usage(ctx, accounts.Today(now))
	if err != nil {
		return metrics.Use{}, err
	}
	names := make(map[string]bool, len(used))
	for _, a := range dir.Accounts() {
		if !strings.HasPrefix(a.Name, "@") { // the policy of a domain: nobody sends at its cost
			names[a.Name] = true
		}
	}
	for name := range used {
		names[name] = true
	}
	u := metrics.Use{Accounts: make([]metrics.Account, 0, len(names)), Day: day.Used, DayLimit: accounts.Ceiling}
	for name := range names {
		last := used[name].Last
		if last.IsZero() {
			last = before[name].Last
		}
		u.Accounts = append(u.Accounts, metrics.Account{
			Name: name, Used: used[name].Used, Limit: accounts.Terms(dir, name).MonthlyLimit, LastSent: last,
		})
	}
	return u, nil
}
