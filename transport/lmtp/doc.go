// Package lmtp is the door for mail: an LMTP server (RFC 2033) as the next hop
// of an MTA, or an SMTP server (RFC 5321) for those that speak no LMTP. It
// relays to phones and to nothing else.
//
// A [Server] is go-smtp with three things around it: the listener that says who
// may connect (package listen), lines that repair what real MTAs write (lines.go, answers.go,
// path.go), and a session (session.go) that hands mails to the [smsengine.Desk].
//
// The session decides nothing. At RCPT it asks whether the address is a phone
// and, when it knows already who asks, the Desk's Check. At the end of DATA it
// reads the mail, opens its ticket and asks the Desk's Submit. The answer to
// each recipient is what the Desk said: 250 means that the message is durable.
package lmtp
