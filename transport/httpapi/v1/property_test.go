package v1_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// No text leaves before its time, whichever come before it and after.
func TestScheduledTextsWait(t *testing.T) {
	b := newBed(t)
	at := map[string]time.Time{}
	for i := range 60 {
		due := time.Now().Add(time.Duration(rand.IntN(3000)-500) * time.Millisecond).Truncate(time.Millisecond) // as it is stored
		id := b.send(fmt.Sprintf(`{"to":"+1555555%04d","text":"it is time","send_at":%q,"validity":1}`, 1000+i, due.Format(time.RFC3339Nano)))
		at[id] = due
	}
	for id, due := range at {
		b.until("it is delivered", func() bool { return b.message(id).State == "delivered" })
		m := b.message(id)
		in := b.network.Inbox(m.To)
		if len(in.Texts) != 1 {
			t.Fatalf("%s has %+v", m.To, in)
		}
		if early := due.Truncate(time.Second).Sub(in.Texts[0].At); early > 0 { // the network counts seconds
			t.Errorf("%s got its text %v too early", m.To, early)
		}
		for _, e := range m.Events {
			if early := due.Sub(e.At); e.Event != "accepted" && early > 0 {
				t.Errorf("%s: %s %v too early", id, e.Event, early)
			}
		}
	}
}

// Whoever repeats a request, at once or later, causes one text; another text of
// the same name is no repetition.
func TestRepeatedRequests(t *testing.T) {
	b := newBed(t)
	const clients, each = 20, 25
	var fresh, again atomic.Int32
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				a := b.ask("POST", "/v1/messages", `{"to":["+15555550123","+15555550124"],"text":"once"}`, "Idempotency-Key", `"order 7"`)
				if a.status != http.StatusAccepted {
					t.Errorf("%d %s", a.status, a.body)
				}
				n := int32(strings.Count(a.body, `"duplicate":true`))
				fresh.Add(2 - n)
				again.Add(n)
			}
		})
	}
	all.Wait()
	if fresh.Load() != 2 || again.Load() != 2*clients*each-2 {
		t.Errorf("%d were new, %d known", fresh.Load(), again.Load())
	}
	if a := b.ask("POST", "/v1/messages", `{"to":"+15555550123","text":"twice","msgid":"order 7"}`); a.status != http.StatusConflict || !strings.Contains(a.body, "another text") {
		t.Errorf("another text of the same name: %d %s", a.status, a.body)
	}
	if a := b.ask("POST", "/v1/messages", `{"to":"+15555550125","text":"once","msgid":"order 7"}`); a.status != http.StatusAccepted || strings.Contains(a.body, "duplicate") {
		t.Errorf("another number under the same name: %d %s", a.status, a.body)
	}
	rival := "Bearer " + b.newToken("rival", "send", time.Time{})
	if a := b.ask("POST", "/v1/messages", `{"to":"+15555550123","text":"mine","msgid":"order 7"}`, "Authorization", rival); a.status != http.StatusAccepted || strings.Contains(a.body, "duplicate") {
		t.Errorf("another account: %d %s", a.status, a.body)
	}
	if in, err := b.network.Wait(t.Context(), "+15555550123", 2); err != nil || in.Total != 2 {
		t.Errorf("the phone has %+v, %v", in, err)
	}
}

// While texts come, who goes forward sees each once and in order, and who goes
// back sees each once that was there when he began.
func TestCursors(t *testing.T) {
	b := newBed(t)
	const before, writers, each = 12, 4, 15
	known := map[string]bool{}
	for i := range before {
		known[b.send(fmt.Sprintf(`{"to":"+15555550123","text":"before %d"}`, i))] = true
	}
	var writing, reading sync.WaitGroup
	var mu sync.Mutex
	sent := map[string]bool{}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				id := b.send(fmt.Sprintf(`{"to":"+15555550124","text":"%d %d"}`, w, i))
				mu.Lock()
				sent[id] = true
				mu.Unlock()
			}
		})
	}
	reading.Go(func() {
		seen, path := map[string]int{}, "/v1/messages?limit=3"
		for path != "" {
			path = b.turn(path, seen)
		}
		for id := range known {
			if seen[id] != 1 {
				t.Errorf("going back, %s was seen %d times", id, seen[id])
			}
		}
	})
	reading.Go(func() {
		seen, path := map[string]int{}, "/v1/messages?order=oldest&limit=7"
		for deadline := time.Now().Add(time.Minute); len(seen) < before+writers*each && time.Now().Before(deadline); {
			path = b.turn(path, seen)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("going forward, %s was seen %d times", id, n)
			}
		}
		if len(seen) != before+writers*each {
			t.Errorf("going forward, %d of %d were seen", len(seen), before+writers*each)
		}
	})
	writing.Wait()
	reading.Wait()
}

// turn reads a page, and gives the path of the next, "" if there is none.
func (b *bed) turn(path string, seen map[string]int) string {
	b.Helper()
	var page struct {
		Messages []message
		Next     string
	}
	b.ask("GET", path, "").into(b, &page)
	for _, m := range page.Messages {
		seen[m.ID]++
	}
	if page.Next == "" {
		return ""
	}
	path, _, _ = strings.Cut(path, "&cursor=")
	return path + "&cursor=" + page.Next
}
