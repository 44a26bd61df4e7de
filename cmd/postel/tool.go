package main

import "github.com/postel-mail/postel/cmd/postel/tool"

func toolCommand() *command {
	return &command{
		name: "tool", args: "NAME", short: "look at addresses, texts and mails as Postel does, as JSON",
		raw: func(t *terminal, args []string) int { return tool.Run(args, t.in, t.out, t.err) },
	}
}
