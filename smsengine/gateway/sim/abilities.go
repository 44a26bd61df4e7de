package sim

import "github.com/postel-mail/postel/smsengine"

// Abilities are those of a line into a simulated network: it takes anything, and
// every text comes from its number, unless the network shows another.
func (c *Config) Abilities() smsengine.Abilities {
	return smsengine.Abilities{National: true, Sender: c.Sender, Receipts: c.Receipts}
}
