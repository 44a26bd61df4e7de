// Package mailbridge stands between mail and messages.
//
// From mail to text: a [Reader] finds the words in a mail, whatever its charset,
// encoding and nesting, tells whose they are, and lists its files; [Mail.Kind]
// says whether a person wrote it; [WordsOf] and [SourceOf] are what the engine
// gets of it. A [Letterbox] does it for the doors. A [Ticket] carries who
// authenticated from the milter to the transport, inside the mail itself.
//
// From text to mail: a [Composer] makes the mail for a text that came from a
// phone, and the report (RFC 3464) on a text that went to one. [ReadBounce] reads
// what comes back of them.
//
// Rooms of their own have quote (what a person wrote, told from what stands
// around it), wording (the sentences of reports, by language) and courier (the
// MTA as a gateway: SMTP, LMTP, IMAP, Maildir).
//
// All of it but couriers and LoadKey is pure: the same mail gives the same text,
// the same message the same mail.
package mailbridge
