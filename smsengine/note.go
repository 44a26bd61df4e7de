package smsengine

import "time"

// NewNote is a mail of Postel's own to a mailbox. There is one for a key, however
// often it is made; the Store gives it an ID.
func NewNote(to Address, key, subject, text string, now time.Time) Message {
	return Message{
		Key: key, Kind: Note, To: to, Body: Body{Subject: subject, Text: text},
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		Route: Over(MailGateway), State: Ready, Next: now, Parts: []Part{{}},
	}
}
