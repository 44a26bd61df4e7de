package main

func rulesCommand() *command {
	return &command{
		name: "rules", short: "carry rules over, out and in",
		long: "Rules stand in the folder rules beside the configuration file: outgoing.toml for texts to\n" +
			"phones, incoming.toml for texts from phones. docs/rules.md has them.",
		sub: []*command{rulesExportCommand(), rulesImportCommand()},
	}
}
