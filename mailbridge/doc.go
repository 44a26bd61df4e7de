// Package mailbridge stands between mail and messages.
//
// From mail to text: a [Reader] finds the words in a mail, whatever its charset,
// encoding and nesting, tells whose they are, and lists its files; [Mail.Kind]
// says whether a person wrote it; [WordsOf] and [SourceOf] are what the engine
// gets of it. A [Letterbox] does it for the doors. A [Ticket] carries who
// authenticated from the milter to the transport, inside the mail itself.
//
// From text to mail: a [Composer] makes the mail for a text that came from a
// phone, and the report (RFC 3464) on a text that went to one. [Sender] hands
// both to the MTA over SMTP or LMTP, or puts them into a Maildir: the MTA is a
// gateway like any modem.
//
// All of it but Sender and LoadKey is pure: the same mail gives the same text,
// the same message the same mail.
package mailbridge
