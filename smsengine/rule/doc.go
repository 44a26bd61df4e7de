// Package rule decides by an administrator's rules what becomes of a message.
//
// Rules stand in a file, in order. Each has a title, conditions and actions, and
// may end the list:
//
//	[[rule]]
//	title = "Least cost: USA"
//	if.to.starts = "+1"
//	if.routed = false
//	then.gateway = "us"
//	stop = true
//
// [Load] compiles a file and the lists that it names into a [Set], or says all
// that is wrong with it, by line and column. A Set does not change, and may be
// asked by many goroutines at once. [Set.Decide] takes what is known of a message,
// [Facts], and gives a [Decision]: data alone. It says how the message changes,
// what else is to be done ([Effect]), whether it is refused or dropped, and which
// rules said so. Nothing is done here: whoever asked changes the message, stores
// the effects with it, and runs them later. [Set.Explain] decides the same, and
// tells of every rule and condition.
//
// # What is not known yet
//
// When a mail server asks at RCPT TO there is no text. Such fields are listed in
// [Facts.Unknown], and a condition on one of them is neither yes nor no (Kleene's
// logic). A rule that may hold is not done, but what it might change is unknown to
// the rules behind it. So a [Reject] is certain whatever the text will be.
//
// # What cannot be decided
//
// Patterns that RE2 lacks run on a backtracking engine, which is given a time. A
// condition that took longer has failed. Its rule does not hold, unless it would
// reject or drop an outgoing message: then nobody knows whether that may leave, and
// the verdict is [Defer]. The same holds for an edited To that is no number.
// Texts from phones are never deferred: they have nobody to be deferred to.
//
// # Values stay values
//
// What a message says gets into programs, URLs and statements through %%names%%,
// and an [Effect] keeps templates and values apart until it is run ([Run.Argv],
// [Call.Fill], [SQL.Bind]): no value becomes an option, a line of a header, a
// parameter of a URL or a piece of SQL.
package rule
