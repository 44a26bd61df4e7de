package metrics

import (
	"fmt"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

// Door is what went through a socket.
type Door struct {
	Name string // "lmtp"
	listen.Figures
	HTTP *HTTP // of one that programs or providers call
}

// HTTP is what a door that speaks HTTP counts of requests. Its fields are those of
// httpapi.Figures.
type HTTP struct {
	Requests map[string][5]uint64 // by mount, "" for what is not there, and class of the status, from 1xx to 5xx
	Limited  uint64               // requests of clients that made too many
	Crowded  uint64               // connections of clients that had too many
}

func (s sheet) door(d Door) {
	of := label{"door", d.Name}
	s.gauge("door_connections", "Connections now.", float64(d.Open), of)
	s.counter("door_accepted_total", "Connections that were let in.", d.Taken, of)
	refused := func(why string, n uint64) {
		s.counter("door_refused_total", "Connections that were closed at once.", n, of, label{"reason", why})
	}
	refused("full", d.Full)
	refused("stranger", d.Strangers)
	if d.HTTP == nil {
		return
	}
	refused("client", d.HTTP.Crowded)
	s.counter("door_limited_total", "Requests that were refused because their client made too many.", d.HTTP.Limited, of)
	for mount, classes := range d.HTTP.Requests {
		if mount == "" {
			mount = "none"
		}
		for i, n := range classes {
			if i > 0 { // nothing answers 1xx for good
				s.counter("http_requests_total", "Requests, by what they were for and the class of the answer.", n,
					of, label{"mount", mount}, label{"class", fmt.Sprintf("%dxx", i+1)})
			}
		}
	}
}

func (s sheet) store(f smsengine.StoreFigures) {
	s.histogram("store_commit_seconds", "How long commits took, the flush of the disk included.", f.Commits)
	s.histogram("store_commit_changes", "Changes that shared a commit.", f.Changes)
	s.counter("store_failed_commits_total", "Commits that failed; nothing of them was acknowledged.", f.Failed)
	s.gauge("store_database_bytes", "Size of the database file.", float64(f.Database))
	s.gauge("store_wal_bytes", "Size of the file of what is not in the database file yet.", float64(f.Journal))
	if f.Free >= 0 {
		s.gauge("store_free_bytes", "What is free on the disk of the database.", float64(f.Free))
	}
}
