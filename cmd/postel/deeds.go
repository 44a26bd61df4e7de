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
	o := deed.Options{Version: buildVersion()}
	for _, d := range cfg.Databases {
		o.Databases = append(o.Databases, deed.Database{ID: d.ID, Driver: d.Driver, Source: d.Source})
	}
	return deed.New(o)
}
