package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// A request that is repeated ten thousand times, by many at once, while the service
// is killed twice, makes one text and is charged once, at either interface.
func TestTenThousandRepeats(t *testing.T) {
	t.Parallel()
	p := newDirect(t, "", "delay = \"2ms\"")
	asking := p.program(p.openHTTP("rate = 0\n"))
	p.withShop()
	p.withPassword(serverPassword, "account", "add", "web", "--password-stdin")

	const repeats, clients = 10000, 40
	var begun, answered atomic.Int64
	ids := [2]sync.Map{} // that were told, by interface
	// ask asks one of the interfaces, and gives the status: 0 if it is dead.
	ask := func(n int64) (int, string) {
		if n%2 == 0 {
			status, words := asking.form("/sms/", "user", "shop", "pass", serverPassword, "msgid", "order-4711", "number", alice, "data", "by /sms/")
			if status == http.StatusOK {
				ids[0].Store(strings.Fields(words)[1], true)
			}
			return status, words
		}
		status, words := asking.do(http.MethodPost, "/v1/messages", `{"to": "+15551234567", "text": "by /v1/"}`,
			"Authorization", asking.basic("web"), "Content-Type", "application/json", "Idempotency-Key", "order-4711")
		var said struct{ Messages []struct{ ID string } }
		if status == http.StatusAccepted && json.Unmarshal([]byte(words), &said) == nil {
			ids[1].Store(said.Messages[0].ID, true)
		}
		return status, words
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := begun.Add(1); n <= repeats; n = begun.Add(1) {
				status, words := ask(n)
				for ; status == 0 || status == http.StatusServiceUnavailable; status, words = ask(n) {
					time.Sleep(10 * time.Millisecond) // it comes back
				}
				if status != http.StatusOK && status != http.StatusAccepted {
					t.Errorf("%d %s", status, words)
				}
				answered.Add(1)
			}
		})
	}
	for _, enough := range []int64{1, repeats / 2} {
		for answered.Load() < enough {
			time.Sleep(time.Millisecond)
		}
		p.kill()
		p.start()
	}
	all.Wait()
	p.settle()
	ms, err := p.store().List(t.Context(), smsengine.Filter{Kind: smsengine.Text, Limit: 100})
	if err != nil || len(ms) != 2 {
		t.Errorf("%d texts are stored, %v", len(ms), err)
	}
	for i, text := range []string{"by /sms/", "by /v1/"} {
		told := 0
		ids[i].Range(func(any, any) bool { told++; return true })
		if n := journal(t, p)[text]; n > 1 || told != 1 {
			t.Errorf("%q reached the network %d times; programs were told %d IDs", text, n, told)
		}
	}
	for _, m := range ms {
		if m.State != smsengine.Delivered && m.State != smsengine.Unsure {
			t.Errorf("%q is %s", m.Body.Text, m.State)
		}
		if n := p.used(m.Account); n != 1 {
			t.Errorf("%s is charged %d times", m.Account, n)
		}
	}
}
