package stage

import (
	"context"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Incoming is the list for texts from phones. The first stage that knows the
// recipient decides; whatever the text says, somebody gets it, except what is
// empty or comes again and again.
func Incoming(c Config) []smsengine.Stage {
	return []smsengine.Stage{
		step{"empty", c.empty},          // nothing to read: dropped
		step{"stop", c.stop},            // STOP and START: noted, and the text goes on
		step{"direct", c.direct},        // #user@example.org#: to that mailbox
		step{"answer", c.answer},        // one live link, or a code: to the sender of the text it answers
		step{"conflict", c.conflict},    // several live links: the phone is asked
		step{"rules", c.receivedRules},  // what the site's rules say, unless a link decided
		step{"default", c.fallback},     // else the gateway's default recipient
		step{"identical", c.identicals}, // was it the same text too often
		step{"watch", watch},            // which webhooks hear of it
	}
}

// Reception is what becomes of texts from phones.
type Reception struct {
	// DirectDomains are those whose mailboxes a text can name as #user@example.org#,
	// in lower case; none: the form means nothing.
	DirectDomains []string
	// Conflict is what a phone is told that answers one of several people: {codes} is
	// the list of codes to answer with, {direct} the example "#user@example.org#".
	// "": nothing. ConflictLimit bounds how often in a day.
	Conflict      string
	ConflictLimit int
	// Stop and Start are the words that keep our texts away from a phone, and end
	// that. Case does not matter.
	Stop, Start []string
	// Identical is how often the same text may come from one phone to one mailbox.
	Identical smsengine.Rate
	// DefaultRecipient is the mailbox, or the list of an account, by gateway, for texts
	// that answer nobody.
	DefaultRecipient map[string]smsengine.Address
}

// identicals drops what comes again and again, so that no two machines talk
// through a mailbox without end. STOP and START always count.
func (c Config) identicals(_ context.Context, d *smsengine.Draft) error {
	if !has[smsengine.Suppress](d) && len(d.Message.Body.Received.Data) == 0 {
		limitIdentical(d, d.Message.From, c.Identical, d.Message.To)
	}
	return nil
}

// has reports whether a stage asked for an effect of that type.
func has[T smsengine.Effect](d *smsengine.Draft) bool {
	for _, f := range d.Effects {
		if _, ok := f.(T); ok {
			return true
		}
	}
	return false
}

// tell adds a sentence to what the reader of the mail is told.
func tell(d *smsengine.Draft, sentence string) {
	r := d.Message.Body.Received
	r.Note = strings.TrimSpace(r.Note + "\n" + sentence)
}

// digits reports whether the address is a number: a phone or a short code, not
// the name of a program.
func digits(a smsengine.Address) bool {
	rest := strings.TrimPrefix(a.Value, "+")
	return rest != "" && strings.Trim(rest, "0123456789") == ""
}

// person reports whether a phone can be behind the address: short codes and names
// are programs, and what they are sent may cost much or do anything.
func person(a smsengine.Address) bool {
	return strings.HasPrefix(a.Value, "+") && digits(a)
}
