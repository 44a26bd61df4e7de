package smsengine

import (
	"sync"
	"time"
)

// Traffic is what went through a gateway since the service started.
type Traffic struct {
	Sent     uint64  `json:"sent"`     // parts, or whole messages of a Splitter, that the far side took
	Deferred uint64  `json:"deferred"` // attempts that failed for now
	Refused  uint64  `json:"refused"`  // messages that failed for good
	Unsure   uint64  `json:"unsure"`   // messages that may have left
	Received uint64  `json:"received"` // parts from phones
	Receipts uint64  `json:"receipts"` // reports on what was sent
	UnderWay int     `json:"under_way"`
	Latency  Latency `json:"latency"` // of the attempts that the far side took
}

// Latency counts how long attempts took, as Prometheus has histograms.
type Latency struct {
	Counts [len(latencyBounds) + 1]uint64 `json:"counts"` // those that took at most LatencyBounds[i]; the last: longer
	Sum    time.Duration                  `json:"sum"`
}

var latencyBounds = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	30 * time.Second, time.Minute, 3 * time.Minute,
}

// LatencyBounds are the upper bounds of all Counts but the last.
func LatencyBounds() []time.Duration { return latencyBounds[:] }

// Mean is the average, 0 if there were none.
func (l Latency) Mean() time.Duration {
	var n uint64
	for _, c := range l.Counts {
		n += c
	}
	if n == 0 {
		return 0
	}
	return l.Sum / time.Duration(n)
}

func (l *Latency) add(d time.Duration) {
	i := 0
	for i < len(latencyBounds) && d > latencyBounds[i] {
		i++
	}
	l.Counts[i]++
	l.Sum += d
}

// meter counts the traffic of a lane.
type meter struct {
	mu sync.Mutex
	t  Traffic
}

func (m *meter) attempt(kind EventKind, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch kind {
	case Taken, PartTaken:
		m.t.Sent++
		m.t.Latency.add(took)
	case Refused:
		m.t.Refused++
	case InDoubt:
		m.t.Unsure++
	default:
		m.t.Deferred++
	}
}

func (m *meter) heard(received, receipts uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t.Received += received
	m.t.Receipts += receipts
}

func (m *meter) read() Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.t
}
