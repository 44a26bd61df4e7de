package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesExportCommand() *command {
	return &command{
		name: "export", short: "put all rules and their lists into one file",
		long: "Prints outgoing.toml and incoming.toml and the lists that they name, as they are and with\n" +
			"their comments, as one file to be mailed, kept or read: postel rules import reads it.\n" +
			"Rules that are wrong are not exported. What may be a secret is said: passwords in URLs and\n" +
			"headers go along.\n\n" +
			"  postel rules export >rules-2026-11.toml",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("export takes no arguments; write it into a file with >FILE")
				}
				return exportRules(t, *file, time.Now())
			}
		},
	}
}

// directions are the files of rules.
var directions = []rule.Direction{rule.Outgoing, rule.Incoming}

// siteOfRules is what rules of a configuration may name.
func siteOfRules(cfg *config.Config) (rule.Site, error) {
	parser, err := phone.New(cfg.Phones())
	if err != nil {
		return rule.Site{}, err
	}
	return nameable(cfg, parser), nil
}

func exportRules(t *terminal, file string, now time.Time) error {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return err
	}
	site, err := siteOfRules(cfg)
	if err != nil {
		return err
	}
	files, err := rulesIn(os.DirFS(cfg.Rules), site)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there are no rules in %s", cfg.Rules)
	}
	data, err := rulefile.Pack(files, now)
	if err != nil {
		return err
	}
	for _, f := range files {
		for i, line := range strings.Split(f.Text, "\n") {
			if secretive.MatchString(line) {
				fmt.Fprintf(t.err, "%s:%d may hold a secret: see whom you give this to\n", clean(f.Name), i+1)
			}
		}
	}
	_, err = t.out.Write(data)
	return err
}

// secretive finds lines that may hold a password or a key.
var secretive = regexp.MustCompile(`(?i)authorization|passw|[?&](pass|key|token|secret)=|api.?key|secret|bearer`)

// rulesIn gathers the files of rules that there are, and their lists. Wrong rules
// are an error.
func rulesIn(folder fs.FS, site rule.Site) (files []rulefile.File, err error) {
	seen := map[string]bool{}
	for _, d := range directions {
		set, err := rule.Load(folder, string(d)+".toml", d, site)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range set.Files() {
			if seen[name] {
				continue
			}
			seen[name] = true
			text, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, err
			}
			files = append(files, rulefile.File{Name: name, Text: string(text)})
		}
	}
	return files, nil
}
