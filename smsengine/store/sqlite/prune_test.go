package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Names that no receipt can mean any more do not pile up.
func TestOldReferencesAreForgotten(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "postel.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	send := func(n int, at time.Time) {
		t.Helper()
		in := intake(n)
		id := in.Messages[0].ID
		if _, err := s.Accept(ctx, in); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim(ctx, smsengine.Claim{Node: "a/b", Room: map[string]int{"sim": 1}, Now: time.Now().Add(time.Second), Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		rs, err := s.Record(ctx, []smsengine.Event{{
			Message: id, Kind: smsengine.Taken, Attempt: 1, Gateway: "sim", At: at,
			Taken: smsengine.Taking{Reference: fmt.Sprint(n), Receipts: true},
		}})
		if err != nil || rs[0].Err != nil {
			t.Fatal(err, rs[0].Err)
		}
	}
	now := time.Now()
	for n := range 256 {
		send(n, now.Add(-receiptAge-time.Hour))
	}
	for n := range 10 {
		send(256+n, now)
	}
	left, err := column(ctx, s.read, `SELECT ref FROM reference`)
	if err != nil || len(left) != 10 {
		t.Errorf("%d names are left: %v", len(left), err)
	}
}
