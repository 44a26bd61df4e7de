package main

func rulesCommand() *command {
	return &command{
		name: "rules", short: "look at the rules, try them, carry them over",
		long: "Rules stand in the folder rules beside the configuration file: outgoing.toml for texts to\n" +
			"phones, incoming.toml for texts from phones. docs/rules.md has them.",
		sub: []*command{rulesCheckCommand(), rulesListCommand(), rulesExplainCommand(), rulesTestCommand(), rulesReplayCommand(), rulesExportCommand(), rulesImportCommand()},
	}
}
