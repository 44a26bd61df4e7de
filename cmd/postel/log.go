package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/phone"
)

// newLog makes the log of the service. Whatever is logged goes through redact:
// an address with a password may stand in any text, an error's too.
// Its level may be changed while it is written.
func newLog(w io.Writer, c config.Log) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(levelOf(c))
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o)), level
	}
	return slog.New(slog.NewTextHandler(w, o)), level
}

func levelOf(c config.Log) (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.Level)) // the configuration has checked it
	return level
}

// redact removes passwords and keys from an attribute. Values that are neither
// numbers nor times are logged as their texts, so that nothing passes by it.
func redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(phone.Redact(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case nil, slog.Level, *slog.Source:
		default:
			a.Value = slog.StringValue(phone.Redact(fmt.Sprint(v)))
		}
	}
	return a
}
