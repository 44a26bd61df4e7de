package smsengine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// BenchmarkEngine is a text's way through the engine: submitted by one of 50,
// sent by one of 50. The Store costs next to nothing.
func BenchmarkEngine(b *testing.B) {
	plan := &planner{planned{route: "g0 g1 g2 | g3 g4", parts: 1}}
	cfg := smsengine.Config{Node: "here", Store: newMemory(), Outgoing: []smsengine.Stage{plan}, Gateways: map[string]smsengine.Lane{}}
	for n := range 5 {
		cfg.Gateways[fmt.Sprint("g", n)] = smsengine.Lane{Gateway: taker{}, Concurrency: 10}
	}
	engine := smsengine.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { engine.Run(ctx, 0); close(done) }()
	stop := func() { cancel(); <-done }
	b.ResetTimer()
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			engine.Submit(context.Background(), smsengine.Submission{Recipients: []smsengine.Recipient{{Address: "+15555550123"}}})
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	stop()
}

type taker struct{}

func (taker) Send(context.Context, smsengine.Delivery) (smsengine.Taking, error) {
	return smsengine.Taking{}, nil
}
