package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// BenchmarkLife is the store's share of a message: accepted by one of 50
// callers, claimed in batches, recorded as taken by one of 50.
func BenchmarkLife(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "postel.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	var wg sync.WaitGroup
	jobs := make(chan int)
	for range 50 {
		wg.Go(func() {
			for i := range jobs {
				if _, err := s.Accept(ctx, intake(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	taken := make(chan smsengine.Delivery, 50)
	var senders sync.WaitGroup
	for range 50 {
		senders.Go(func() {
			for d := range taken {
				_, err := s.Record(ctx, []smsengine.Event{{
					Message: d.Message.ID, Kind: smsengine.Taken, Attempt: 1, Gateway: "sim", At: time.Now(),
					Taken: smsengine.Taking{Reference: "r", Ours: smsengine.Phone("+15555550100")},
				}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	go func() {
		for i := range b.N {
			jobs <- i
		}
		close(jobs)
	}()
	for n := 0; n < b.N; {
		now := time.Now()
		ds, err := s.Claim(ctx, smsengine.Claim{Node: "a/b", Room: map[string]int{"sim": 50}, Now: now, Until: now.Add(time.Minute)})
		if err != nil {
			b.Fatal(err)
		}
		n += len(ds)
		for _, d := range ds {
			taken <- d
		}
		if len(ds) == 0 {
			<-s.Wake()
		}
	}
	close(taken)
	senders.Wait()
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkAccept is what a message costs that is charged to so many counters,
// all with limits, accepted by one of 50 callers.
func BenchmarkAccept(b *testing.B) {
	for _, counters := range []int{0, 1, 2, 4} {
		b.Run(fmt.Sprint("counters=", counters), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "postel.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			limits := smsengine.Limits{}
			var charges []smsengine.Charge
			for n := range counters {
				c := smsengine.Counter{Account: "john@example.org", Period: fmt.Sprint("2026-", 10+n)}
				charges = append(charges, smsengine.Charge{Counter: c, Amount: 1})
				limits[c] = smsengine.Limit{Most: 1e9}
			}
			var wg sync.WaitGroup
			jobs := make(chan int)
			for range 50 {
				wg.Go(func() {
					for i := range jobs {
						in := intake(i)
						in.Messages[0].Charges, in.Limits = charges, limits
						if _, err := s.Accept(context.Background(), in); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				jobs <- i
			}
			close(jobs)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func intake(i int) smsengine.Intake {
	now := time.Now()
	id := smsengine.NewMessageID(now)
	john := smsengine.Mailbox("john@example.org")
	return smsengine.Intake{
		Source: smsengine.Source{ID: smsengine.NewSourceID(now), Door: "lmtp", Received: now, Sender: john, MessageID: string(id), Original: make([]byte, 600)},
		Messages: []smsengine.Message{{
			ID: id, Key: string(id), Kind: smsengine.Text, Account: "john@example.org",
			Charges: []smsengine.Charge{{Counter: smsengine.Counter{Account: "john@example.org", Period: "2026-11"}, Amount: 1}},
			From:    john, To: smsengine.Phone(fmt.Sprintf("+1555555%04d", i%10000)),
			Body: smsengine.Body{Text: "The pump in cellar 3 has stopped; water level 41 cm."}, Cost: 1,
			Created: now, Expires: now.Add(time.Hour), LinkFor: time.Hour, Route: smsengine.Over("sim"),
			State: smsengine.Ready, Next: now, Parts: []smsengine.Part{{Text: "The pump in cellar 3 has stopped; water level 41 cm."}},
		}},
	}
}
