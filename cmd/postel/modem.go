package main

func modemCommand() *command {
	return &command{
		name: "modem", short: "find modems, talk to one, and see how they are",
		long: "docs/modem.md (Connect a modem) walks through these commands.",
		sub:  []*command{modemProbeCommand(), modemAtCommand(), modemStatusCommand(), modemForgetCommand()},
	}
}
