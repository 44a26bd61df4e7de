// Command postel lets the users of a mail server send texts by writing mail,
// and puts the answers into their mailboxes.
//
// This file is the table of commands; each has a file of its own. What the
// service is made of stands in service.go, top to bottom.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, &terminal{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// root is all commands, in the order of an administrator's first day.
func root() *command {
	return &command{
		name:  "postel",
		short: "send texts by mail, and get the answers as mail",
		sub: []*command{
			demoCommand(),
			configCommand(),
			setupCommand(),
			checkCommand(),
			serveCommand(),
			reloadCommand(),
			accountCommand(),
			tokenCommand(),
			webhookCommand(),
			rulesCommand(),
			suppressCommand(),
			importCommand(),
			sendCommand(),
			queueCommand(),
			traceCommand(),
			metricsCommand(),
			explainCommand(),
			gatewayCommand(),
			modemCommand(),
			simCommand(),
			toolCommand(),
			versionCommand(),
		},
	}
}
