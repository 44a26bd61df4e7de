package main

import (
	"context"
	"sync"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/deed"
)

// databases connects to those that rules name, to all at once: the service's start
// waits for it. What cannot be done on one waits for it, so that none keeps the
// service from working.
func (f *findings) databases(ctx context.Context, cfg *config.Config) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	all := databasesOf(cfg)
	errs := make([]error, len(all))
	var asked sync.WaitGroup
	for i, d := range all {
		asked.Go(func() { errs[i] = deed.Check(ctx, d) })
	}
	asked.Wait()
	for i, d := range all {
		if errs[i] != nil {
			f.doubtful("look at its source in [[database]], and at the server", "database %s: %s", d.ID, errs[i])
		} else {
			f.fine("database %s", d.ID)
		}
	}
}
