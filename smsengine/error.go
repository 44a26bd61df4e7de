package smsengine

import (
	"errors"
	"fmt"
)

// Class says what a failure means for the next step.
type Class uint8

// The classes. A text costs money and cannot be taken back, so "perhaps sent"
// is a class of its own.
const (
	OK        Class = iota // no failure
	Temporary              // not sent; trying again later can succeed
	Permanent              // not sent, and no later try will change that
	Uncertain              // perhaps sent: the answer was lost
)

var classNames = [...]string{"ok", "temporary", "permanent", "uncertain"}

// String is the class as it stands in logs and traces.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Status is an outcome that a stranger may read.
type Status struct {
	Class Class  `json:"class,omitempty"`
	Code  string `json:"code,omitempty"` // RFC 3463 enhanced status code, "5.1.3"
	Text  string `json:"text,omitempty"` // one line, no secrets, says what to do

	// Diagnostic is what the network itself called it, in its own terms:
	// "TP-Status 0x45", "CMS ERROR 38". It is for programs and administrators.
	Diagnostic string `json:"diagnostic,omitempty"`
}

// Error is an outcome and its private cause. Status is for the person who
// sent the message; Err is for the log only.
type Error struct {
	Op string // what was being done: "normalise", "sim.Send"
	Status
	Err error
}

// Fail makes an error of the given class.
func Fail(op string, class Class, code, text string, cause error) *Error {
	return &Error{Op: op, Status: Status{Class: class, Code: code, Text: text}, Err: cause}
}

// Error is the text for the log: it includes the private cause.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (%s)", e.Op, e.Text, e.Code)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// StatusOf is what a stranger may know of an error. What nobody classified is
// temporary: nothing is given up because of a mistake of ours.
func StatusOf(err error) Status {
	if err == nil {
		return Status{}
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return Status{Class: Temporary, Code: "4.3.0", Text: "temporary failure of the phone service, try again later"}
}

// Errors that a [Store] returns and the engine understands.
var (
	// ErrStale: the event belongs to an attempt that is over.
	ErrStale = errors.New("event of an attempt that is over")
	// ErrTransition: the event cannot happen in the message's state.
	ErrTransition = errors.New("event does not fit the message's state")
	// ErrNotFound: there is no such message.
	ErrNotFound = errors.New("no such message")
)
