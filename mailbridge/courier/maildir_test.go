package courier

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestMaildir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "texts")
	s := newTestSender(t, "maildir:"+dir)
	d := incomingDelivery()
	taking, err := s.Send(t.Context(), d)
	if err != nil || !taking.Delivered {
		t.Fatalf("got %+v, %v", taking, err)
	}
	place := filepath.Join(dir, "new", "01msg@mx.example.org")
	content, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	want := "Return-Path: <+15555550123@sms.example.org>\nDelivered-To: john@example.org\nFrom: "
	if !strings.HasPrefix(string(content), want) || strings.Contains(string(content), "\r") {
		t.Errorf("got %q", content)
	}
	for _, name := range []string{dir, filepath.Join(dir, "new"), place} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestMaildirRepeats(t *testing.T) {
	dir := t.TempDir()
	s := newTestSender(t, "maildir:"+dir)
	d := incomingDelivery()
	for d.Message.Attempt = 1; d.Message.Attempt < 3; d.Message.Attempt++ {
		if _, err := s.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if got := files(t, dir); len(got) != 1 {
		t.Fatalf("twice the same mail: %v", got)
	}
	read := filepath.Join(dir, "cur", "01msg@mx.example.org:2,S")
	if err := os.Rename(filepath.Join(dir, "new", "01msg@mx.example.org"), read); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 1 || got[0] != read {
		t.Errorf("a mail that was read came again: %v", got)
	}
}

func TestMaildirFailures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newTestSender(t, "maildir:"+file).Send(t.Context(), incomingDelivery())
	if status := smsengine.StatusOf(err); status.Class != smsengine.Temporary || status.Code != "4.3.0" || strings.Contains(status.Text, file) {
		t.Errorf("got %+v", status)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newTestSender(t, "maildir:"+dir).Send(ctx, incomingDelivery())
	if smsengine.StatusOf(err).Class != smsengine.Temporary || len(files(t, dir)) != 0 {
		t.Errorf("got %v, %v", err, files(t, dir))
	}
}
