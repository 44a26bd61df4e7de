// Package milter answers the MTA while a mail comes in: a milter, which decides
// each phone recipient at RCPT and stamps the mail, and a policy guard, which
// keeps phone mail waiting when the milter cannot see it.
//
// A [Server] asks the [smsengine.Desk] about each phone recipient, so that a
// refusal is an SMTP reply and nobody gets a bounce. At the end of the mail it
// adds a sealed ticket that tells the transport who authenticated, and removes
// any that the mail brought along. A mail without phone recipients is let go at
// its first header, untouched.
//
// A milter that may not stop other people's mail has to be configured with
// default_action=accept, so a mail can slip past it. The [Guard] is there for
// that: Postfix asks it about phone recipients only, and takes silence for 451.
package milter
