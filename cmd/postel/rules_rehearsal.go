package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// rehearsal is all that is needed to decide about messages as the service does,
// without one: the lists of stages, the rules, and the database as it is now.
// Nothing is stored and nothing is sent.
type rehearsal struct {
	cfg     *config.Config
	stages  stage.Config
	letters mailbridge.Letterbox
	facts   smsengine.Facts
	store   smsengine.Store // nil: there is no database
	rules   *rulesets
	zone    *time.Location
	said    *rule.Decision // what the rules said of the last message; nil: they were not asked

	source  smsengine.Source // of the last message of the past, with its header
	headers []rule.Header
}

// newRehearsal loads the rules of a folder, and opens the database to be read.
func newRehearsal(cfg *config.Config, folder string) (*rehearsal, error) {
	if info, err := os.Stat(folder); folder != cfg.Rules && (err != nil || !info.IsDir()) {
		return nil, fmt.Errorf("there is no folder %s; name one with %s or %s in it", folder, outgoingRules, incomingRules)
	}
	stages, err := decisions(cfg)
	if err != nil {
		return nil, err
	}
	named := *cfg
	named.Rules = folder
	book, err := openRules(&named, stages.Parser)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{cfg: cfg, stages: stages, rules: book.now.Load(), facts: nothing{}, zone: time.Local}
	if zone := cfg.Site().Location; zone != nil {
		r.zone = zone
	}
	r.stages.Rules = book.stages()
	r.stages.Rules.Explained = func(d rule.Decision) { r.said = &d }
	r.letters = mailbridge.Letterbox{Phones: stages.Parser, Hostname: cfg.Hostname, Disclaimers: cfg.Text.Disclaimers}
	switch store, err := readOnly(cfg); {
	case err == nil:
		r.store, r.facts = store, &still{Facts: store}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return r, nil
}

func (r *rehearsal) close() {
	if r.store != nil {
		_ = r.store.Close()
	}
}

// unknown says what cannot be known without a database; "" if there is one.
func (r *rehearsal) unknown() string {
	if r.store != nil {
		return ""
	}
	return "there is no database: nothing counts as used this month, no phone has said STOP, no text waits for an answer, and accounts are those of the configuration"
}

// decide runs a list, and notes what the rules say.
func (r *rehearsal) decide(ctx context.Context, stages []smsengine.Stage, d *smsengine.Draft) ([]smsengine.Step, error) {
	r.said = nil
	return smsengine.Decide(ctx, stages, d)
}

// still is facts whose accounts are as they were at the first look: to read them
// for each message would take as long as all else.
type still struct {
	smsengine.Facts
	dir *smsengine.Directory
}

func (f *still) Directory(ctx context.Context) (dir *smsengine.Directory, err error) {
	if f.dir == nil {
		f.dir, err = f.Facts.Directory(ctx)
	}
	return f.dir, err
}

// nothing is what is known where there is no database.
type nothing struct{}

func (nothing) Links(context.Context, smsengine.Address, smsengine.Address, time.Time) ([]smsengine.Link, error) {
	return nil, nil
}

func (nothing) Suppressed(context.Context, smsengine.Address) ([]smsengine.Address, error) {
	return nil, nil
}

func (nothing) Conflict(context.Context, smsengine.Address, smsengine.Address) (smsengine.Conflict, error) {
	return smsengine.Conflict{}, nil
}

func (nothing) Usage(context.Context, smsengine.Counter) (smsengine.Usage, error) {
	return smsengine.Usage{}, nil
}

func (nothing) Directory(context.Context) (*smsengine.Directory, error) { return nil, nil }

func (nothing) Source(context.Context, smsengine.SourceID) (smsengine.Source, error) {
	return smsengine.Source{}, smsengine.ErrNotFound
}

func (nothing) Message(context.Context, smsengine.MessageID) (smsengine.Message, error) {
	return smsengine.Message{}, smsengine.ErrNotFound
}

func (nothing) Known(context.Context, string) (smsengine.MessageID, error) {
	return "", smsengine.ErrNotFound
}
