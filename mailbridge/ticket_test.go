package mailbridge

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var issued = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)

func testTicket() Ticket {
	return Ticket{
		User: "john@example.org", Method: "smtp-auth", Sender: "john@example.org",
		MessageID: "a1@example.org", Numbers: []string{"+15555550123", "+15555550124"}, Issued: issued,
	}
}

func seal(t testing.TB, s *Sealer, ticket Ticket) string {
	t.Helper()
	v, err := s.Seal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTicket(t *testing.T) {
	s := NewSealer([32]byte{1})
	v := seal(t, s, testTicket())
	got, err := NewSealer([32]byte{1}).Open(v, issued.Add(6*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if got.User != "john@example.org" || got.Method != "smtp-auth" || got.Sender != "john@example.org" ||
		!got.Issued.Equal(issued) || !got.Expires.Equal(issued.Add(TicketLife)) {
		t.Errorf("got %+v", got)
	}
	for _, number := range testTicket().Numbers {
		if err := got.Covers("john@EXAMPLE.org", "a1@example.org", number); err != nil {
			t.Error(err)
		}
	}
	for _, secret := range []string{"john", "15555550123", "a1@"} {
		if raw, _ := base64.RawURLEncoding.DecodeString(v); strings.Contains(v+string(raw), secret) {
			t.Errorf("%s can be read in the ticket", secret)
		}
	}
	if again := seal(t, s, testTicket()); again == v {
		t.Error("two tickets with the same nonce")
	}
}

func TestTicketOfAnotherMail(t *testing.T) {
	s := NewSealer([32]byte{1})
	open := func(ticket Ticket) Ticket {
		got, err := s.Open(seal(t, s, ticket), issued)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	with, without := testTicket(), testTicket()
	without.MessageID, without.Sender = "", "john" // what an MTA completes
	for _, test := range []struct {
		ticket             Ticket
		sender, id, number string
		covers             bool
	}{
		{with, "john@example.org", "a1@example.org", "+15555550123", true},
		{with, "John@example.org", "a1@example.org", "+15555550123", false},
		{with, "jane@example.org", "a1@example.org", "+15555550123", false},
		{with, "", "a1@example.org", "+15555550123", false},
		{with, "john@example.org", "a2@example.org", "+15555550123", false},
		{with, "john@example.org", "", "+15555550123", false},
		{with, "john@example.org", "a1@example.org", "+15555550125", false},
		{with, "john@example.org", "a1@example.org", "", false},
		{without, "john@mx.example.org", "made@mx.example.org", "+15555550124", true},
		{without, "jane@mx.example.org", "made@mx.example.org", "+15555550124", false},
	} {
		err := open(test.ticket).Covers(test.sender, test.id, test.number)
		if test.covers && err != nil || !test.covers && !errors.Is(err, ErrTicketOther) {
			t.Errorf("sender %q, mail %q, number %q: got %v", test.sender, test.id, test.number, err)
		}
	}
	if err := testTicket().Covers("john@example.org", "a1@example.org", "+15555550123"); !errors.Is(err, ErrNoTicket) {
		t.Errorf("a ticket that was never opened covers a mail: %v", err)
	}
}

func TestTicketFolded(t *testing.T) {
	s := NewSealer([32]byte{1})
	many := testTicket()
	for range 1000 {
		many.Numbers = append(many.Numbers, "+15555550125")
	}
	v := seal(t, s, many)
	for line := range strings.Lines(TicketHeader + ": " + v) {
		if len(line) > 79 {
			t.Errorf("line of %d characters", len(line))
		}
	}
	// On the way it is unfolded, and folded elsewhere.
	m := read(t, TicketHeader+": "+strings.ReplaceAll(v, "\n\t", "\r\n  ")+"\r\n\r\n")
	if _, err := s.Open(m.Header.Get(TicketHeader), issued); err != nil {
		t.Error(err)
	}
}

func TestForgedTickets(t *testing.T) {
	s := NewSealer([32]byte{1})
	v := strings.ReplaceAll(seal(t, s, testTicket()), "\n\t", "")
	for i := range v {
		c := byte('A')
		if v[i] == c {
			c = 'B'
		}
		if _, err := s.Open(v[:i]+string(c)+v[i+1:], issued); !errors.Is(err, ErrNoTicket) {
			t.Fatalf("character %d changed: %v", i, err)
		}
		if _, err := s.Open(v[:i], issued); !errors.Is(err, ErrNoTicket) {
			t.Fatalf("cut to %d characters: %v", i, err)
		}
	}
	for name, bad := range map[string]string{"doubled": v + v, "padded": v + "=", "long": strings.Repeat("A", 1<<20), "none": ""} {
		if _, err := s.Open(bad, issued); !errors.Is(err, ErrNoTicket) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewSealer([32]byte{2}).Open(v, issued); !errors.Is(err, ErrNoTicket) {
		t.Errorf("another key: %v", err)
	}
	if _, err := s.Open(v, issued.Add(TicketLife)); !errors.Is(err, ErrTicketExpired) {
		t.Errorf("expired: %v", err)
	}
}

// What an identity consists of survives, and nothing is sealed for nobody.
func TestTicketOfEachIdentity(t *testing.T) {
	s := NewSealer([32]byte{1})
	for _, id := range []smsengine.Identity{
		{Method: smsengine.MethodAuth, User: "john", Peer: "192.0.2.7"},
		{Method: smsengine.MethodPassword, User: "smsalerts"},
		{Method: smsengine.MethodSystem, User: "john@example.org", Peer: "2001:db8::1"},
		{Method: smsengine.MethodKey, User: "smsalerts", Key: "k7", Peer: "192.0.2.7"},
		{Method: smsengine.MethodClient, Peer: "192.0.2.7"},
	} {
		ticket := testTicket()
		ticket.Method, ticket.User, ticket.Key, ticket.Peer = id.Method, id.User, id.Key, id.Peer
		got, err := s.Open(seal(t, s, ticket), issued)
		if err != nil || got.Identity() != id {
			t.Errorf("%+v became %+v: %v", id, got.Identity(), err)
		}
	}
}

func TestSealNeedsIdentity(t *testing.T) {
	nobody, nowhere, unknown, nohow, keyless := testTicket(), testTicket(), testTicket(), testTicket(), testTicket()
	nobody.User, nowhere.Numbers, nohow.Method = "", nil, ""
	unknown.Method, keyless.Method = smsengine.MethodClient, smsengine.MethodKey
	for _, ticket := range []Ticket{nobody, nowhere, unknown, nohow, keyless} {
		if v, err := NewSealer([32]byte{1}).Seal(ticket); err == nil {
			t.Errorf("sealed %+v as %s", ticket, v)
		}
	}
}

func FuzzOpen(f *testing.F) {
	mine, other := NewSealer([32]byte{1}), NewSealer([32]byte{2})
	f.Add(seal(f, mine, testTicket()))
	f.Add("AAAA \t\n")
	f.Fuzz(func(t *testing.T, header string) {
		if ticket, err := mine.Open(header, issued); err == nil && ticket.User != "john@example.org" {
			t.Errorf("%q opens as %+v", header, ticket)
		}
		if ticket, err := other.Open(header, issued); err == nil {
			t.Errorf("%q opens with another key as %+v", header, ticket)
		}
	})
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticket.key")
	var wg sync.WaitGroup
	keys := make([][32]byte, 20)
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = LoadKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if key != keys[0] || key == [32]byte{} {
			t.Errorf("got key %x, want %x", key, keys[0])
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestBadKeyFiles(t *testing.T) {
	good := bytes.Repeat([]byte("ab"), 32)
	for name, test := range map[string]struct {
		content []byte
		mode    os.FileMode
		says    string
	}{
		"for the group": {good, 0o640, "chmod 600"},
		"for the world": {good, 0o604, "chmod 600"},
		"empty":         {nil, 0o600, "holds no key"},
		"short":         {good[:60], 0o600, "64 hexadecimal digits"},
		"long":          {append(good, "ab"...), 0o600, "64 hexadecimal digits"},
		"not hex":       {bytes.Repeat([]byte("xy"), 32), 0o600, "64 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadKey(path)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "abab") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	if _, err := LoadKey(t.TempDir()); err == nil {
		t.Error("a directory is taken for a key")
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "no", "such", "directory")); err == nil {
		t.Error("a key in no directory")
	}
}
