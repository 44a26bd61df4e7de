// Package smsengine is the heart of Postel: the few types that everything
// turns on, the states of a message, and the loop that brings every message to
// an end.
//
// A [Source] is what came in through a door: a mail, a request, a text from a
// phone. A [Message] is one text to one address, the unit of work; a mail to
// twenty phones is one Source and twenty Messages. Both directions are the same
// thing: a phone's answer is a Message whose address is a mailbox, and the MTA
// is a [Gateway] like any modem.
//
// What may happen to a message is an [Event]. [Message.Apply] is the only place
// that knows what an event does: it is pure, and returns the next message and
// the [Effect]s (a report, a refund, a reply link) that the [Store] keeps in the
// same transaction. docs/states.md draws it; docs/flow.md walks one message
// through the functions.
//
// The order of decisions stands in two short lists of [Stage]s, in the package
// stage. The engine runs them, asks the Store to keep the result, claims what is
// due, hands it to a Gateway and records what came of it. What it works by may be
// replaced while it runs ([Engine.Reload]).
//
// This package imports nothing else of Postel.
package smsengine
