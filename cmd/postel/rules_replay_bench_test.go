package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// BenchmarkReplay asks rules about stored messages, each with the mail that it came
// in, and tells the time for one.
func BenchmarkReplay(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "postel.toml")
	for name, text := range map[string]string{
		"postel.toml": strings.ReplaceAll(base, "$DIR", dir) + "[access]\ndomains = [\"example.org\"]\nsend = true\nallow = [\"*\"]\n",
		"outgoing.toml": "[[rule]]\ntitle = \"Tours\"\nif.header.x-tour = \"7\"\nthen.tag = \"tour\"\n" +
			"[[rule]]\ntitle = \"All\"\nif.to.starts = \"+1555\"\nif.text.contains = \"number\"\nthen.gateway = \"sim\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		b.Fatal(err)
	}
	const messages = 5000
	fill(b, databaseOf(filepath.Join(dir, "state")), messages)
	cfg, err := config.Load(file, drivers)
	if err != nil {
		b.Fatal(err)
	}
	r, err := newRehearsal(cfg, dir)
	if err != nil {
		b.Fatal(err)
	}
	defer r.close()
	w := replaying{only: directionFlag{new(bool), new(bool)}}
	for b.Loop() {
		if err := r.replayAll(b.Context(), &terminal{out: io.Discard}, w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/messages, "µs/message")
}

// fill stores texts that came by mail.
func fill(b *testing.B, path string, n int) {
	b.Helper()
	store, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	for k := range 50 {
		all.Go(func() {
			for i := k; i < n; i += 50 {
				if err := keep(b.Context(), store, i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

func keep(ctx context.Context, store *sqlite.Store, i int) error {
	now := time.Now().Add(-time.Duration(i) * time.Second)
	src := smsengine.Source{
		ID: smsengine.NewSourceID(now), Door: "lmtp", Received: now, Sender: smsengine.Mailbox("john@example.org"), Subject: "Tour",
		Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org"},
		Original: fmt.Appendf(nil, "From: john@example.org\r\nTo: +15555550123@sms.example.org\r\nSubject: Tour\r\nX-Tour: %d\r\n\r\nThis is the text number %d.\r\n", i%10, i),
	}
	_, err := store.Accept(ctx, smsengine.Intake{Source: src, Messages: []smsengine.Message{{
		ID: smsengine.NewMessageID(now), Source: src.ID, Key: fmt.Sprint(i), Kind: smsengine.Text, Account: "john@example.org", From: src.Sender,
		To: smsengine.Phone("+15555550123"), Original: "+15555550123@sms.example.org", Created: now, Expires: now.Add(time.Hour), Cost: 1,
		Body: smsengine.Body{Text: fmt.Sprintf("This is the text number %d.", i), Alphabet: "gsm7"}, Route: smsengine.Over("sim"), State: smsengine.Ready,
		Next: now, Parts: []smsengine.Part{{Text: "This is the text."}},
	}}})
	return err
}
