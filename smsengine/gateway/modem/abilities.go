package modem

import "github.com/postel-mail/postel/smsengine"

// Abilities are those of modems: they send whatever a phone can, always from the
// number of their SIM card.
func (c *Config) Abilities() smsengine.Abilities {
	return smsengine.Abilities{National: true, Receipts: c.Receipts}
}
