package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// second is a gateway beside the site's own, with another concurrency each time.
const second = `
[[gateway]]
id = "second"
type = "sim"
number = "+15555550101"
default_recipient = "mary@example.org"
concurrency = %d
[gateway.sim]
delay = "20ms"
receipt_delay = "10ms"
journal = %q
`

// Mail, programs and phones go on while the service takes one configuration after
// the other: gateways come, change and go, rules and limits change. Nobody is
// refused or cut off, and every text arrives once.
func TestReloadUnderTraffic(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.stop()
	s.edit("monthly_limit = 50\n", "rate = \"none\"\nidentical = \"none\"\ndaily_ceiling = 100000\n")
	s.edit("receipt_delay = \"10ms\"\n", fmt.Sprintf("delay = \"20ms\"\nreceipt_delay = \"10ms\"\njournal = %q\n", filepath.Join(s.dir, "journal")))
	s.start()
	s.withShop()
	shop := s.program(s.openHTTP("rate = 0\n"))
	plain, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}

	// A mail that is begun before the first reload, and ended after the last.
	patient := s.postfix.Login(testbed.John)
	if err := patient.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := patient.Rcpt(alice+"@sms.example.org", nil); err != nil {
		t.Fatal(err)
	}

	const reloads = 9
	var traffic sync.WaitGroup
	var over atomic.Bool
	var sent, answered atomic.Int64
	for i := range 3 {
		traffic.Go(func() {
			for n := 0; !over.Load(); n++ {
				text := fmt.Sprintf("mail %d %d", i, n)
				s.postfix.Submit(testbed.John, []string{alice + "@sms.example.org"}, write(fmt.Sprintf("%d.%d", i, n), alice+"@sms.example.org", "", text))
				sent.Add(1)
			}
		})
		traffic.Go(func() {
			for n := 0; !over.Load(); n++ {
				status, said := shop.do(http.MethodPost, "/v1/messages", fmt.Sprintf(`{"to":[%q],"text":"program %d %d"}`, alice, i, n),
					"Authorization", shop.basic("shop"), "Content-Type", "application/json")
				if status != http.StatusCreated && status != http.StatusAccepted && status != http.StatusOK {
					t.Errorf("a program's request: %d %s", status, said)
					return
				}
				sent.Add(1)
			}
		})
	}
	traffic.Go(func() {
		for n := 0; !over.Load(); n++ {
			s.run("sim", "send", "--from", "+15551230009", "--to", ourNumber, fmt.Sprintf("phone %d", n))
			answered.Add(1)
		}
	})

	for n := range reloads {
		before := sent.Load()
		config := string(plain)
		if n%3 > 0 {
			config += fmt.Sprintf(second, n, filepath.Join(s.dir, "journal"))
		}
		if n%4 == 3 { // nobody but the MTA may come anyway
			config = strings.Replace(config, "[lmtp]\n", "[lmtp]\nmax_connections = 50\n", 1)
		}
		if err := os.WriteFile(s.config+".new", []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(s.config+".new", s.config); err != nil { // commands read it all the time
			t.Fatal(err)
		}
		if said := s.run("reload"); n > 0 && (n%3 == 1) != strings.Contains(said, "gateway second: new") {
			t.Errorf("reload %d says %q", n, said)
		}
		s.wait("traffic", func() error {
			if t.Failed() || sent.Load() > before+10 {
				return nil
			}
			return fmt.Errorf("%d sent", sent.Load())
		})
	}
	over.Store(true)
	traffic.Wait()

	w, err := patient.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(write("patient", alice+"@sms.example.org", "", "patience")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("the mail that took long: %v", err)
	}
	sent.Add(1)

	s.postfix.WaitQueue(0)
	for state, n := range s.settle()[smsengine.Text] {
		if state != smsengine.Delivered && state != smsengine.Sent { // a gateway that is gone takes its receipts along
			t.Errorf("%d texts are %s", n, state)
		}
	}
	arrived := journal(t, s.postel)
	if len(arrived) != int(sent.Load()) {
		t.Errorf("the phone has %d texts of %d", len(arrived), sent.Load())
	}
	for text, n := range arrived {
		if n != 1 {
			t.Errorf("%q came %d times", text, n)
		}
	}
	s.dovecot.WaitInbox(testbed.Mary, int(answered.Load()))
	if n := s.settle()[smsengine.Incoming][smsengine.Delivered]; n != int(answered.Load()) {
		t.Errorf("%d answers are mails, of %d", n, answered.Load())
	}
	t.Logf("%d texts and %d answers during %d reloads", sent.Load(), answered.Load(), reloads)
}
