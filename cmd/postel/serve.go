package main

import (
	"context"
	"flag"
	"io"
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
			"acknowledged is lost either way. SIGHUP has it take a changed configuration, as postel\n" +
			"reload does. It logs on standard error and tells systemd when it is ready (Type=notify).",
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
				return serve(ctx, w, cfg, func() (*config.Config, error) { return config.Load(*file, drivers) })
			}
		},
	}
}

// serve runs the service until ctx ends. again reads the configuration for a
// reload.
func serve(ctx context.Context, w io.Writer, cfg *config.Config, again func() (*config.Config, error)) error {
	log, level := newLog(w, cfg.Log)
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
	s.level, s.source = level, again
	defer onHangup(s)()
	stopping := context.AfterFunc(ctx, func() {
		log.Info("stopping")
		tell(log, "STOPPING=1")
	})
	defer stopping()
	err = s.run(ctx, func() {
		for _, d := range s.now.Load().doors {
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

// onHangup takes a changed configuration at SIGHUP.
func onHangup(s *service) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			_, _ = s.reload(context.Background()) // the log tells
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
