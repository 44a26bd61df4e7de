package main

import (
	"context"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/deed"
)

// databases connects to those that rules name. What cannot be done on one waits for
// it, so that none keeps the service from working.
func (f *findings) databases(ctx context.Context, cfg *config.Config) {
	for _, d := range databasesOf(cfg) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		if err := deed.Check(ctx, d); err != nil {
			f.doubtful("look at its source in [[database]], and at the server", "database %s: %s", d.ID, err)
		} else {
			f.fine("database %s", d.ID)
		}
		cancel()
	}
}
