package stage

import "github.com/postel-mail/postel/smsengine"

// Outgoing is the list for texts to phones, asked at RCPT time and again when
// the text is there.
func Outgoing(c Config) []smsengine.Stage {
	return []smsengine.Stage{
		step{"normalise", c.normalise},     // the address as written → number and parameters
		step{"account", c.account},         // who is it, may they send, who pays
		step{"loop", c.loop},               // shall such a mail become a text
		step{"words", c.words},             // what the text says of the mail
		step{"rules", c.sendRules},         // what the site's rules make of it
		step{"destination", c.destination}, // may they send there
		step{"size", c.size},               // the text → parts, and what they cost
		step{"route", c.route},             // which gateways may take it, and until when
		step{"quota", c.quota},             // what it is charged to, and is enough left
		step{"identical", c.identical},     // was it the same text too often
		step{"link", c.link},               // shall an answer find the sender
		step{"watch", watch},               // which webhooks hear what becomes of it
		step{"digest", c.digest},           // is it gathered, if too many go to the phone
	}
}
