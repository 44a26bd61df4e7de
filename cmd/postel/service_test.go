package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/transport/listen"
)

// started is a service in a directory of its own, with a trusting SMTP server.
func started(t *testing.T) *service {
	t.Helper()
	cfg, err := config.Parse("postel.toml", fmt.Appendf(nil, demoConfig, t.TempDir(), "127.0.0.1:0"), drivers)
	if err != nil {
		t.Fatal(err)
	}
	s, err := start(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// broken is a server that cannot go on.
type broken struct{ server }

func (broken) Serve(*listen.Listener) error { return errors.New("out of luck") }

func TestAFailingDoorEndsTheService(t *testing.T) {
	s := started(t)
	smtp := s.now.Load().doors[1]
	smtp.server = broken{smtp.server}
	err := s.run(t.Context(), func() {})
	if err == nil || !strings.HasPrefix(err.Error(), "smtp on inet:127.0.0.1:") || !strings.HasSuffix(err.Error(), ": out of luck") {
		t.Errorf("%v", err)
	}
	again, err := start(s.now.Load().cfg, s.log) // everything was closed and unlocked
	if err != nil {
		t.Fatal(err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := started(t)
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.run(ctx, cancel); err != nil {
		t.Error(err)
	}
}

func TestStartClosesWhatItOpenedWhenASocketIsTaken(t *testing.T) {
	first := started(t)
	defer first.close()
	cfg := *first.now.Load().cfg
	cfg.State = t.TempDir() + "/state"
	cfg.SMTP.Listen.Address = first.now.Load().doors[1].listener.Addr().String()
	cfg.Control.Listen.Address = cfg.State + "/control.sock"
	for range 2 { // the second time nothing of the first is in the way
		_, err := start(&cfg, first.log)
		if err == nil || !strings.Contains(err.Error(), "smtp.listen: ") || !strings.Contains(err.Error(), "in use") {
			t.Fatalf("%v", err)
		}
	}
}
