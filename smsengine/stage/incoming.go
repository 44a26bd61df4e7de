package stage

import "github.com/postel-mail/postel/smsengine"

// Incoming is the list for texts from phones. The first stage that knows the
// recipient decides.
func Incoming(c Config) []smsengine.Stage {
	return []smsengine.Stage{
		step{"empty", c.empty},      // nothing to read: dropped
		step{"answer", c.answer},    // one live link: to the sender of the text it answers
		step{"default", c.fallback}, // else the gateway's default recipient
	}
}
