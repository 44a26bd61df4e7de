package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Postel is killed at random moments under load, several times. Whatever was
// answered with 250 is there afterwards and comes to an end, or is known to be
// in doubt; and no text reaches a phone twice, for what is in doubt is not
// repeated unless the site wants it.
func TestKilledUnderLoad(t *testing.T) { killUnderLoad(t, 6) }

func killUnderLoad(t *testing.T, rounds int) {
	p := newDirect(t, "", "delay = \"2ms\"")
	var mu sync.Mutex
	acknowledged := make(map[string]bool) // by text
	const senders = 8
	round := 0
	for ; round < rounds || len(acknowledged) < 50 && round < 10*rounds; round++ {
		p.start()
		var wg sync.WaitGroup
		for sender := range senders {
			wg.Go(func() {
				c, err := p.session()
				if err != nil {
					return
				}
				defer c.Close()
				for n := 0; ; n++ {
					text := fmt.Sprintf("text %d-%d-%d", round, sender, n)
					to := phone(rand.IntN(1000))
					answers, err := deliver(c, write(strings.ReplaceAll(text, " ", "."), to, "", text), to)
					if a, told := answers[to]; told && a == nil {
						mu.Lock()
						acknowledged[text] = true
						mu.Unlock()
					}
					if err != nil {
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(200+rand.IntN(600)) * time.Millisecond)
		p.kill()
		wg.Wait()
	}
	p.start()
	counts := p.settle()
	p.stop()

	stored := make(map[string]smsengine.Message)
	ms, err := p.store().List(context.Background(), smsengine.Filter{Kind: smsengine.Text, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		stored[m.Body.Text] = m
	}
	arrived := journal(t, p)
	unsure, twice := 0, 0
	for text := range acknowledged {
		m, ok := stored[text]
		if !ok {
			t.Errorf("%q was acknowledged and is lost", text)
			continue
		}
		switch m.State {
		case smsengine.Sent, smsengine.Delivered:
			if arrived[text] == 0 {
				t.Errorf("%q is %s and never reached the network", text, m.State)
			}
		case smsengine.Unsure:
			unsure++
		default:
			t.Errorf("%q is %s", text, m.State)
		}
	}
	for text, n := range arrived {
		if n > 1 {
			twice++
			t.Errorf("%q reached the network %d times", text, n)
		}
	}
	if len(acknowledged) < 50 {
		t.Errorf("only %d texts were acknowledged: the test tests nothing", len(acknowledged))
	}
	t.Logf("%d kills: %d acknowledged, %d stored, %d unsure, %d reached the network twice, %v",
		round, len(acknowledged), len(stored), unsure, twice, counts)
}

// journal counts what reached the simulated network, by text.
func journal(t *testing.T, p *postel) map[string]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		fields := strings.SplitN(strings.TrimSpace(line), "\t", 4) // time, number, message, text
		if len(fields) == 4 {
			arrived[fields[3]]++
		}
	}
	return arrived
}
