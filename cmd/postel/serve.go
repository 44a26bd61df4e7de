package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/postel-mail/postel/cmd/postel/config"
)

func serveCommand() *command {
	return &command{
		name: "serve", short: "run the service",
		long: "Runs until SIGTERM or SIGINT, then takes nothing more, finishes what is under way, at\n" +
			"most 30 seconds long, and ends; a second signal ends it at once. Nothing that was\n" +
			"acknowledged is lost either way. A changed configuration needs a restart: SIGHUP says\n" +
			"so in the log and changes nothing. It logs on standard error and tells systemd when it\n" +
			"is ready (Type=notify).",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("serve takes no arguments")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				w := newLogWriter(t.err)
				defer w.Close()
				return serve(ctx, cfg, newLog(w, cfg.Log))
			}
		},
	}
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	syscall.Umask(0o077) // whatever we make is ours alone, unless a socket's mode says otherwise
	slog.SetDefault(log)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // the heap is small: twice its size is cheaper than collecting it often
		// And so small that under load it would still be collected five times a second.
		// This counts as heap, but as nobody writes into it takes no memory.
		ballast := make([]byte, 16<<20)
		defer runtime.KeepAlive(ballast)
	}
	s, err := start(cfg, log)
	if err != nil {
		return err
	}
	defer onHangup(log)()
	stopping := context.AfterFunc(ctx, func() {
		log.Info("stopping")
		tell(log, "STOPPING=1")
	})
	defer stopping()
	err = s.run(ctx, func() {
		for _, d := range s.doors {
			log.Info("listening", "door", d.name, "socket", d.where())
		}
		log.Info("ready", "version", buildVersion(), "pid", os.Getpid(), "state", cfg.State, "gateways", len(cfg.Gateways))
		tell(log, "READY=1")
	})
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// onHangup answers SIGHUP, which ends a process that does not.
func onHangup(log *slog.Logger) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			log.Warn("SIGHUP changes nothing; restart postel to apply a changed configuration")
		}
	}()
	return func() {
		signal.Stop(hangup)
		close(hangup)
	}
}

func tell(log *slog.Logger, state string) {
	if err := notify(state); err != nil {
		log.Warn("cannot tell systemd", "state", state, "err", err)
	}
}
