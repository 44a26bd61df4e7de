package main

import (
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/deed"
)

// How much of what rules want is done at a time. A rule bounds each thing that it
// wants, to ten minutes at most.
const (
	deedConcurrency = 16
	deedTimeout     = 11 * time.Minute
)

// openDeeds makes the gateway that does what rules want done.
func openDeeds(cfg *config.Config) (*deed.Gateway, error) {
	return deed.New(deed.Options{Version: buildVersion(), Databases: databasesOf(cfg)})
}

// databasesOf are those that rules may name.
func databasesOf(cfg *config.Config) (all []deed.Database) {
	for _, d := range cfg.Databases {
		all = append(all, deed.Database{ID: d.ID, Driver: d.Driver, Source: d.Source})
	}
	return all
}
