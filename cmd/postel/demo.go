package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/transport/control"
)

func demoCommand() *command {
	return &command{
		name: "demo", short: "show a mail become a text, and the answer become a mail",
		long: "Runs the whole service in a temporary directory, on loopback, with a simulated phone\n" +
			"network and a Maildir in place of the mail server, and carries a conversation both ways.\n" +
			"The exit code is 1 if any step failed. It needs no configuration and leaves nothing.",
		setup: func(fs *flag.FlagSet) runner {
			stay := fs.Bool("stay", false, "keep it running, and say what to try next")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("demo takes no arguments")
				}
				return runDemo(ctx, t, *stay)
			}
		},
	}
}

// Who takes part in the demonstration.
const (
	demoUser  = "john@example.org"
	demoPhone = "+15555550123"
	demoOurs  = "+15555550100"
	demoTime  = 10 * time.Second
)

// demo is a service in a directory of its own, and what shows it.
type demo struct {
	*terminal
	dir     string
	file    string // postel.toml
	service *service
	client  *control.Client
	server  string // address of the SMTP server
	step    int
}

func runDemo(ctx context.Context, t *terminal, stay bool) error {
	dir, err := os.MkdirTemp("", "postel-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d := &demo{terminal: t, dir: dir, file: filepath.Join(dir, "postel.toml")}
	if err := d.start(); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.service.run(serving, func() {}) }()

	limited, cancel := context.WithTimeout(ctx, demoTime)
	err = d.show(limited)
	cancel()
	if err == nil && stay {
		d.hints()
		<-ctx.Done()
	}
	stop()
	if failed := <-ended; err == nil {
		err = failed
	}
	return err
}

const demoConfig = `state = "%[1]s/state"
[address]
phone_domains = ["sms.example.org"]
domains = ["example.org"]
[access]
domains = ["example.org"]
send = true
[smtp]
listen = "inet:%[2]s"
trust = true
[mail]
to = "maildir:%[1]s/Maildir"
[[gateway]]
id = "sim"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
[gateway.sim]
receipt_delay = "200ms"
`

// start starts the service on a port that is free, and writes the configuration
// with that port, for the commands that a reader may try.
func (d *demo) start() error {
	cfg, err := config.Parse(d.file, fmt.Appendf(nil, demoConfig, d.dir, "127.0.0.1:0"), drivers)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(d.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if d.service, err = start(cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: redact}))); err != nil {
		return err
	}
	d.service.closers = append([]func() error{log.Close}, d.service.closers...)
	d.client = control.NewClient(cfg.Control.Listen.Address)
	for _, door := range d.service.now.Load().doors {
		if door.name == "smtp" {
			d.server = door.listener.Addr().String()
		}
	}
	return os.WriteFile(d.file, fmt.Appendf(nil, demoConfig, d.dir, d.server), 0o600)
}

func (d *demo) log() string { return filepath.Join(d.dir, "postel.log") }

// hints says what to try while the demonstration stays up.
func (d *demo) hints() {
	me := os.Args[0]
	if filepath.Base(me) == me {
		me = "postel"
	}
	d.printf(`
It stays up until you press Ctrl-C. In another terminal, try:

  P=%[1]s C=%[2]s
  $P sim mail  -c $C --from %[3]s --to %[4]s@sms.example.org "Bring Ann"
  $P sim inbox -c $C %[4]s
  $P sim send  -c $C --from %[4]s --to %[5]s "She is here already"
  $P send      -c $C --from %[3]s +15555550177 "Another phone: every number is one"
  $P queue     -c $C --all
  $P trace     -c $C ID               (the first letters of an ID are enough)
  cat %[6]s/Maildir/new/*             (the mailbox)
  tail %[7]s

Any mail program can use %[8]s as its outgoing server, as %[3]s.
`, me, d.file, demoUser, demoPhone, demoOurs, d.dir, d.log(), d.server)
}
