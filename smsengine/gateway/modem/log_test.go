package modem_test

import (
	"log/slog"
	"testing"
)

// testLog shows what happens where somebody wants to see it.
func testLog(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
