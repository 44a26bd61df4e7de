// Package deed does what rules want done beside a message: it runs programs, asks
// for URLs, and executes statements on databases. It is a gateway: what is to be
// done is a message of Kind Deed, which the engine stores, tries again and gives up
// as it does with texts.
//
// Everything here is the administrator's own word. So a program may be any, and a
// URL may lead into a private network. But no word of a message becomes more than a
// value: package rule keeps templates and values apart until this package asks for
// the arguments, the request or the statement.
//
// What was perhaps done is done again: whoever must not do it twice finds the ID of
// the message in POSTEL_ID, or writes it into the request or the statement (%%id%%).
//
// A digest is done here, too: its text is made of those that it gathered, and stored
// like any other.
package deed
