package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/control"
)

// dial makes a client for the service that a configuration file describes.
func dial(file string) (*control.Client, error) {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return nil, err
	}
	return control.NewClient(cfg.Control.Listen.Address), nil
}

// read opens the database beside the service, or without it.
func read(file string) (*sqlite.Store, error) {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return nil, err
	}
	return readOnly(cfg)
}

func readOnly(cfg *config.Config) (*sqlite.Store, error) {
	path := databaseOf(cfg.State)
	if f, err := os.Open(path); err == nil {
		_ = f.Close()
	} else if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s belongs to another user: run this as the user that runs postel, or as root", path)
	}
	return sqlite.Open(path, sqlite.Options{ReadOnly: true})
}

// find gives the one message whose ID begins with a text.
func find(ctx context.Context, l smsengine.Ledger, prefix string) (smsengine.MessageID, error) {
	ids, err := l.Find(ctx, prefix, 2)
	switch {
	case err != nil:
		return "", err
	case prefix == "" || len(ids) == 0:
		return "", fmt.Errorf("no message has the ID %q; postel queue --all lists the newest", prefix)
	case len(ids) > 1:
		return "", fmt.Errorf("several messages have an ID that begins with %q; give more of it", prefix)
	}
	return ids[0], nil
}

// words makes what a service refused readable for a person.
func words(err error) error {
	if refused, ok := errors.AsType[*smsengine.Error](err); ok {
		return errors.New(refused.Text)
	}
	return err
}
