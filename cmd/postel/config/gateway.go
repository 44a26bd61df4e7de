package config

import "time"

// Gateway is one way to the telephone network. There may be several; what a
// driver has of its own stands in a table with its name, as [gateway.sim].
type Gateway struct {
	// Its name in logs and traces: letters, digits, "-" and "_". "mail" and
	// "webhook" are taken.
	ID string `toml:"id" example:"\"office\""`
	// The driver.
	Type string `toml:"type" example:"\"sim\""`
	// Our number on it: texts leave from it, and phones answer to it.
	Number string `toml:"number" example:"\"+15555550100\""`
	// The mailbox for texts that answer nobody; or "inbox:" and an account, whose
	// programs read them over HTTP, or hear of them by a webhook.
	DefaultRecipient string `toml:"default_recipient" example:"\"office@example.org\""`
	// A file with the password by which another server that has the modem brings
	// texts for this gateway, to /sms/deliver of [http]: one line, which nobody but
	// Postel's user may read. Empty: nobody brings any.
	DeliverFile string `toml:"deliver_file" example:"\"/etc/postel/office.deliver\""`
	// The address that texts from it come from, if not mail.from.
	From string `toml:"from"`
	// How many texts it sends at a time.
	Concurrency int `toml:"concurrency"`
	// How long one part may take to send. A modem may wait three minutes for its
	// network.
	Timeout Duration `toml:"timeout"`
	Sending
	// What the driver has of its own; its type is the driver's.
	Options any `toml:"-"`
}

// DefaultGateway is a [[gateway]] with nothing in it.
func DefaultGateway() Gateway {
	return Gateway{Concurrency: 1, Timeout: Duration(4 * time.Minute), Sending: Sending{Weight: 1}}
}
