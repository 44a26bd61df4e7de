// Package milter answers the MTA while a mail comes in: a milter, which decides
// each phone recipient at RCPT, and a policy guard, which keeps phone mail waiting
// when the milter cannot see it.
//
// A [Server] asks the [smsengine.Desk] about each phone recipient, so that a
// refusal is an SMTP reply and nobody gets a bounce (session.go). At the end of
// the mail it does three things (stamp.go): it adds a sealed ticket for each
// identity that proved that it may send, and removes those that the mail brought
// along; it replaces recipients that have a password or key in them by the same
// without; and it changes the fields of the header that show one. Then the mail
// goes on to the transport, or, in the mode [Take], the texts are queued at once
// and the phones are recipients no more (take.go). A mail without phone
// recipients is let go at its first header, untouched.
//
// go-milter hands its callbacks no parameters of MAIL and RCPT; a tap reads them
// as they pass (tap.go).
//
// A milter that may not stop other people's mail has to be configured with
// default_action=accept, so a mail can slip past it. The [Guard] is there for
// that: Postfix asks it about phone recipients only, and takes silence for 451.
package milter
