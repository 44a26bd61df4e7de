package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// The files of rules, in the folder of the rules.
const (
	outgoingRules = "outgoing.toml"
	incomingRules = "incoming.toml"
)

// rulebook is the site's rules as they are now. Both files are taken together, and
// a bad one never replaces what is there.
type rulebook struct {
	place  string // the folder of the rules
	folder fs.FS
	site   rule.Site
	now    atomic.Pointer[rulesets]
}

// rulesets are the rules of both directions; nil: there is no such file.
type rulesets struct{ out, in *rule.Set }

// openRules loads the rules. What is wrong with them is mistake.Problems, of both
// files.
func openRules(cfg *config.Config, parser *phone.Parser) (*rulebook, error) {
	b := &rulebook{place: cfg.Rules, folder: os.DirFS(cfg.Rules), site: nameable(cfg, parser)}
	sets, err := b.load()
	if err != nil {
		return nil, err
	}
	b.now.Store(sets)
	return b, nil
}

// nameable is what rules may name.
func nameable(cfg *config.Config, parser *phone.Parser) rule.Site {
	s := rule.Site{
		Gateways: []string{}, Databases: []string{}, Domains: slices.Concat(cfg.Address.PhoneDomains, cfg.Address.Domains),
		Number: func(written string) (string, error) {
			number, _, err := parser.Number(written)
			return number, err
		},
	}
	for _, g := range cfg.Gateways {
		s.Gateways = append(s.Gateways, g.ID)
	}
	for _, d := range cfg.Databases {
		s.Databases = append(s.Databases, d.ID)
	}
	return s
}

func (b *rulebook) load() (*rulesets, error) {
	var all mistake.Problems
	now := b.now.Load()
	if now == nil {
		now = &rulesets{}
	}
	one := func(file string, d rule.Direction, before *rule.Set) (*rule.Set, error) {
		s, err := rule.Load(b.folder, file, d, b.site)
		if errors.Is(err, fs.ErrNotExist) {
			if before != nil { // an editor may be about to write it
				all = append(all, mistake.Problem{File: file, What: "the file is gone", Remedy: "leave it empty to have no rules"})
			}
			return nil, nil
		}
		if ps, ok := errors.AsType[mistake.Problems](err); ok {
			all = append(all, ps...)
			return nil, nil
		}
		return s, err
	}
	out, err := one(outgoingRules, rule.Outgoing, now.out)
	if err != nil {
		return nil, err
	}
	in, err := one(incomingRules, rule.Incoming, now.in)
	if err == nil && len(all) > 0 {
		for i := range all {
			all[i].File = filepath.Join(b.place, all[i].File)
		}
		err = all
	}
	return &rulesets{out, in}, err
}

// stages are the rules as the stages ask them.
func (b *rulebook) stages() stage.Rules {
	return stage.Rules{
		Outgoing: func() *rule.Set { return b.now.Load().out },
		Incoming: func() *rule.Set { return b.now.Load().in },
	}
}

// look is how often the files are looked at.
const look = 5 * time.Second

// watch loads rules that have changed, until ctx ends. What is wrong is logged
// once.
func (b *rulebook) watch(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		loaded, err := b.refresh()
		switch {
		case loaded:
			now := b.now.Load()
			log.Info("rules loaded", "outgoing", len(rulesOf(now.out)), "incoming", len(rulesOf(now.in)))
		case err != nil && err.Error() != said:
			log.Error("the rules have mistakes; those from before stay", "err", err)
		}
		if said = ""; err != nil {
			said = err.Error()
		}
	}
}

// refresh loads the rules if a file has changed. With an error those from before
// stay, all of them.
func (b *rulebook) refresh() (loaded bool, err error) {
	if !b.stale() {
		return false, nil
	}
	sets, err := b.load()
	if err != nil {
		return false, err
	}
	b.now.Store(sets)
	return true, nil
}

// stale reports whether a file has changed, come or gone.
func (b *rulebook) stale() bool {
	now := b.now.Load()
	for file, set := range map[string]*rule.Set{outgoingRules: now.out, incomingRules: now.in} {
		if set != nil && set.Stale(b.folder) {
			return true
		}
		if _, err := fs.Stat(b.folder, file); set == nil && err == nil {
			return true
		}
	}
	return false
}

func rulesOf(s *rule.Set) []rule.Rule {
	if s == nil {
		return nil
	}
	return s.Rules()
}
