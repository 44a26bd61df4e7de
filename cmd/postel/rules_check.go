package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesCheckCommand() *command {
	return &command{
		name: "check", short: "find what is wrong with the rules",
		long: "Reads outgoing.toml, incoming.toml and the lists that they name, and reports everything\n" +
			"that is wrong, with file, line and column, and what is worth knowing of each rule. The\n" +
			"service takes rules that have changed by itself within seconds, if nothing is wrong.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("check takes no arguments")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				f := &findings{terminal: t}
				f.rules(cfg)
				return f.end()
			}
		},
	}
}

// rules looks whether the rules can be taken.
func (f *findings) rules(cfg *config.Config) {
	book, err := rulesOn(cfg)
	if ps, ok := errors.AsType[mistake.Problems](err); ok {
		for _, p := range ps {
			f.errors++
			f.printf("error    %s\n", p)
		}
		return
	}
	if err != nil {
		f.wrong("make them readable for the user that runs postel", "rules: %s", err)
		return
	}
	sets := book.now.Load()
	for _, set := range []*rule.Set{sets.out, sets.in} {
		if set == nil {
			continue
		}
		remarks := set.Review()
		for i, r := range set.Rules() {
			f.remarks(filepath.Join(cfg.Rules, set.Files()[0]), r, remarks[i])
		}
		f.guarded(cfg, set)
		f.fine("%s: %s", filepath.Join(cfg.Rules, set.Files()[0]), count(len(set.Rules()), "rule"))
	}
}

// remarks reports what is probably not meant, and of what is good to know that a
// pattern may be slow; postel rules explain has the rest.
func (f *findings) remarks(file string, r rule.Rule, remarks []rule.Remark) {
	for _, m := range remarks {
		if m.Warning {
			f.doubtful("postel rules explain says what it does", "%s:%d: %s: %s", file, r.Line, clean(r.Title), clean(m.Text))
		}
	}
	for _, n := range r.Notes {
		f.printf("note     %s:%d: %s: %s\n", file, r.Line, clean(r.Title), clean(n))
	}
}

// guarded looks whether somebody else may change the rules: they run programs.
func (f *findings) guarded(cfg *config.Config, set *rule.Set) {
	for _, name := range append(set.Files(), ".") {
		path := filepath.Join(cfg.Rules, name)
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o002 != 0 {
			f.doubtful("chmod o-w "+path, "%s: everybody may change the rules, and run programs by them", path)
		}
	}
}

// rulesOn loads the rules of a configuration.
func rulesOn(cfg *config.Config) (*rulebook, error) {
	stages, err := decisions(cfg)
	if err != nil {
		return nil, err
	}
	return openRules(cfg, stages.Parser)
}

func rulesListCommand() *command {
	return &command{
		name: "list", short: "show the rules, in the order in which they are asked",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("list takes no arguments")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				book, err := rulesOn(cfg)
				if err != nil {
					return err
				}
				sets := book.now.Load()
				listRules(t, "texts to phones", sets.out)
				listRules(t, "texts from phones", sets.in)
				return nil
			}
		},
	}
}

func listRules(t *terminal, of string, set *rule.Set) {
	if set == nil {
		t.printf("%s: no rules\n", of)
		return
	}
	t.printf("%s: %s\n", of, strings.Join(set.Files(), ", "))
	for i, r := range set.Rules() {
		off := ""
		if !r.Active {
			off = "  (not active)"
		}
		t.printf("%4d  %s%s\n      if %s\n", i+1, clean(r.Title), off, clean(r.When))
	}
}
