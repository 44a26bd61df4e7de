// Package courier is the MTA as a gateway like any modem: a [Sender] composes the
// mails for texts from phones, reports and notes, and hands them over by SMTP or
// LMTP, puts them into a Maildir, or appends them to folders by IMAP. Each way is
// a carrier: a file of its own.
package courier
