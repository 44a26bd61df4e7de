package main

import (
	"context"
	"iter"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/deed"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// How much of what rules want is done at a time. A rule bounds each thing that it
// wants, to ten minutes at most.
const (
	deedConcurrency = 16
	deedTimeout     = 11 * time.Minute
)

// openDeeds makes the gateway that does what rules want done.
func openDeeds(cfg *config.Config, store smsengine.Store, stages stage.Config) (*deed.Gateway, error) {
	digest := func(ctx context.Context, d smsengine.Delivery, by rule.Digest, texts iter.Seq[smsengine.Message]) (smsengine.Message, error) {
		return stages.Digest(ctx, store, d.Message, by, texts, d.At)
	}
	return deed.New(deed.Options{Version: buildVersion(), Databases: databasesOf(cfg), Texts: store, Digest: digest})
}

// databasesOf are those that rules may name.
func databasesOf(cfg *config.Config) (all []deed.Database) {
	for _, d := range cfg.Databases {
		all = append(all, deed.Database{ID: d.ID, Driver: d.Driver, Source: d.Source})
	}
	return all
}
