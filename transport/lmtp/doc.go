// Package lmtp is the door for mail: an LMTP server (RFC 2033) as the next hop
// of an MTA, an SMTP server (RFC 5321) for those that speak no LMTP, or a
// submission server (RFC 6409) for people and programs at sites without an MTA.
// It relays to phones; a submission server may hand other mail to a smarthost.
//
// A [Server] is go-smtp with three things around it: the listener that says who
// may connect (package listen), lines that repair what real MTAs write (lines.go,
// answers.go, path.go) and bring TLS (secure.go), and a session (session.go)
// that hands mails to the [smsengine.Desk].
//
// The session decides nothing. At RCPT it asks whether the address is a phone
// and, when it knows already who asks, the Desk's Check. At the end of DATA it
// reads the mail, looks who sent it to each recipient, and asks the Desk's
// Submit. The answer to each recipient is what the Desk said: 250 means that the
// message is durable.
//
// Who sends is known from one of these, the first that there is: a ticket in the
// mail that covers the recipient (tickets.go); a login (login.go); a listener or
// network that is trusted, or whose clients are known by their addresses; the
// MTA's word that a local program handed the mail in (local.go). What an address
// itself brings, a password or a key, is the Desk's business.
package lmtp
