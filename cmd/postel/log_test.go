package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
)

func TestLogHidesSecrets(t *testing.T) {
	const addr = "sms:+15555550123?user=john&pass=hunter2&key=hunter2@example.org"
	for _, format := range []string{"text", "json"} {
		var out strings.Builder
		log, _ := newLog(&out, config.Log{Level: "debug", Format: format})
		log.Debug("refused "+addr, "to", addr, "n", 7)
		log.With("to", addr).WithGroup("g").Error("x",
			"err", smsengine.Fail("op", smsengine.Permanent, "5.1.3", "no", errors.New(addr)),
			"status", smsengine.Status{Text: addr}, "list", []string{addr}, slog.Group("in", "to", addr))
		if strings.Contains(out.String(), "hunter2") {
			t.Errorf("%s: a secret is in the log:\n%s", format, out.String())
		}
		if n := strings.Count(out.String(), "+15555550123"); n != 7 {
			t.Errorf("%s: the number is there %d times, want 7:\n%s", format, n, out.String())
		}
	}
}

func TestLogLevel(t *testing.T) {
	var out strings.Builder
	log, level := newLog(&out, config.Log{Level: "warn", Format: "text"})
	log.Info("quiet")
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
	level.Set(levelOf(config.Log{Level: "info"}))
	log.Info("loud")
	if !strings.Contains(out.String(), "loud") {
		t.Errorf("%q after its level has changed", out.String())
	}
}
