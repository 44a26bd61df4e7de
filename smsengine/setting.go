package smsengine

import (
	"sync/atomic"
	"time"
)

// setting is the part of a Config that Reload takes anew, as the engine works by
// it. It never changes: what is decided by one is decided by it from begin to end.
type setting struct {
	outgoing, incoming []Stage
	administrator      Address
	retry              Retry
	repeat             int
	incomplete         time.Duration
	lanes              map[string]*lane
	longest            time.Duration                   // that an attempt may take
	able               atomic.Pointer[map[string]bool] // see ableAt
}

// settingOf is a Config's, without lanes.
func settingOf(cfg Config) *setting {
	s := &setting{
		outgoing: cfg.Outgoing, incoming: cfg.Incoming, administrator: cfg.Administrator,
		retry: cfg.Retry, repeat: cfg.Repeat, incomplete: cfg.Incomplete,
		lanes: make(map[string]*lane, len(cfg.Gateways)),
	}
	if s.incomplete == 0 {
		s.incomplete = 24 * time.Hour
	}
	return s
}
