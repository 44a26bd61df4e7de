package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
)

// A monitoring system goes mad, over the whole service: of its twenty texts the phone
// gets the first three, and one that tells of the others.
func TestTwentyAlertsAreFourTexts(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	rules := "[[rule]]\ntitle = \"Many alerts, one text\"\nif.from = \"alerts@example.org\"\nthen.digest = { after = 3, within = \"10m\" }\n"
	for name, text := range map[string]string{"outgoing.toml": rules, "incoming.toml": ""} {
		if err := os.WriteFile(filepath.Join(dir, "rules", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Parse("postel.toml", fmt.Appendf(nil, `state = %q
rules = %q
region = "US"
[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
send = true
[mail]
to = "maildir:%[1]s/Maildir"
[[gateway]]
id = "sim"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
`, filepath.Join(dir, "state"), filepath.Join(dir, "rules")), drivers)
	if err != nil {
		t.Fatal(err)
	}
	var ahead atomic.Int64 // of the clock: the night begins at the beginning of a window
	ahead.Store(int64(time.Until(time.Now().Truncate(10 * time.Minute).Add(24 * time.Hour))))
	s, err := startTuned(cfg, slog.New(slog.DiscardHandler), func(c *smsengine.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, func() {}) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	alert := func(n int, text string) {
		t.Helper()
		o := s.engine.Submit(ctx, smsengine.Submission{
			Source: smsengine.Source{Door: "test", Sender: smsengine.Mailbox("alerts@example.org"), MessageID: fmt.Sprint(n, "@example.org"),
				Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "alerts@example.org"}},
			Body: smsengine.Body{Text: text}, Recipients: []smsengine.Recipient{{Address: "+15555550123@sms.example.org"}},
		})[0]
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	for n := range 20 {
		alert(n, []string{"disk full on db1", "link down sw3", "fan stopped", "disk full on db2"}[n%4])
	}
	read := func(texts int) []string {
		t.Helper()
		soon, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		in, err := s.network.Wait(soon, "+15555550123", texts)
		if err != nil || in.Total != texts {
			t.Fatalf("%+v, %v", in, err)
		}
		var all []string
		for _, text := range in.Texts {
			all = append(all, text.Text)
		}
		return all
	}
	read(3)
	ahead.Add(int64(10 * time.Minute))
	digests, err := s.store.List(ctx, smsengine.Filter{Kind: smsengine.Deed})
	if err != nil || len(digests) != 1 {
		t.Fatalf("%+v, %v", digests, err)
	}
	for _, kind := range []smsengine.EventKind{smsengine.HoldReq, smsengine.ResumeReq} { // or else nobody sees at once that the clock jumped
		if _, err := s.engine.Request(ctx, digests[0].ID, kind, "test"); err != nil && !errors.Is(err, smsengine.ErrTransition) { // it may have seen it
			t.Fatal(err)
		}
	}
	got := read(4)
	since := s.now.Load().stages.Accounts.Zoned(time.Now().Add(time.Duration(ahead.Load()))).Truncate(10 * time.Minute).Add(-10 * time.Minute).Format("15:04")
	want := "17 more texts from alerts@example.org since " + since + ":\n5x disk full on db2\n4x disk full on db1\n4x link down sw3\n4x fan stopped"
	if text := got[3]; text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	if all := strings.Join(got[:3], ", "); len(all) != len("disk full on db1, link down sw3, fan stopped") {
		t.Error(all)
	}
	var queue map[smsengine.Kind]map[smsengine.State]int
	for range 1000 { // the text is on the phone before what it came from has ended
		if queue, err = s.store.Counts(ctx); err != nil || queue[smsengine.Deed][smsengine.Sending] == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || queue[smsengine.Text][smsengine.Cancelled] != 17 || queue[smsengine.Deed][smsengine.Delivered] != 1 {
		t.Errorf("%v, %v", queue, err)
	}
}
