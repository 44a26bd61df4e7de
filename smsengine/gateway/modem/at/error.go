package at

import (
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Kind is the sort of a final result.
type Kind uint8

// The kinds.
const (
	Plain Kind = iota // ERROR, or what a vendor has instead
	CME               // +CME ERROR, of the modem and its SIM (3GPP TS 27.007 §9.2)
	CMS               // +CMS ERROR, of messages (3GPP TS 27.005 §3.2.5)
)

// NoCode is that of a result without a number whose words are not known either.
const NoCode = -1

// ResultError is a final result other than OK.
type ResultError struct {
	Command string // with its PIN hidden
	Result  string // as it came: "+CMS ERROR: 500"
	Kind    Kind
	Code    int // NoCode if there is none; words of the standards count as their number
}

func (e *ResultError) Error() string { return e.Command + ": " + e.Result }

// Unsupported reports whether the modem does not know the command, as far as it says so: many say ERROR to everything.
func (e *ResultError) Unsupported() bool {
	if e.Kind == Plain {
		return strings.HasPrefix(strings.ToUpper(e.Result), "COMMAND NOT SUPPORT")
	}
	return e.Code == 4 && e.Kind == CME || e.Code == 303 && e.Kind == CMS
}

// Cause says what the result means for a text whose body had left: without a code it is uncertain.
func (e *ResultError) Cause() sms.Cause {
	switch {
	case e.Kind == CME && e.Code >= 0:
		return sms.CMEError(e.Code)
	case e.Kind == CMS && e.Code >= 0:
		return sms.CMSError(e.Code)
	}
	c := sms.CMSError(unknownError)
	c.Diagnostic = "modem: " + printable(e.Result)
	return c
}

// unknownError is the number that 3GPP TS 27.005 has for an error without an explanation.
const unknownError = 500

func newResultError(command, final string) *ResultError {
	e := &ResultError{Command: maskCommand(command), Result: printable(final), Code: NoCode}
	for kind, name := range map[Kind]string{CME: "+CME ERROR", CMS: "+CMS ERROR"} {
		rest, ok := cutPrefixFold(final, name)
		if !ok {
			continue
		}
		e.Kind = kind
		what := strings.Trim(strings.TrimPrefix(rest, ":"), " \"")
		if n, err := strconv.Atoi(what); err == nil && n >= 0 {
			e.Code = n
		} else if n, ok := codeOf(kind, what); ok {
			e.Code = n
		}
	}
	return e
}

// printable keeps what a log line may show of a result: 80 characters of ASCII.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), 80)]
}

// SilenceError is a modem that did not answer in time.
type SilenceError struct {
	Command string // with its PIN hidden
	Prompt  bool   // it was the prompt that did not come
	Err     error  // why the wait ended
}

func (e *SilenceError) Error() string {
	if e.Prompt {
		return e.Command + ": no prompt"
	}
	return e.Command + ": no answer: " + e.Err.Error()
}

func (e *SilenceError) Unwrap() error { return e.Err }

// SendError is a message that Send could not get rid of.
type SendError struct {
	Left bool // the body was written, or part of it: the message may be out
	Err  error
}

func (e *SendError) Error() string {
	if e.Left {
		return "after the text: " + e.Err.Error()
	}
	return "before the text: " + e.Err.Error()
}

func (e *SendError) Unwrap() error { return e.Err }

// Cause says what it means for the text. What had not left is never uncertain; what had left without a result always is.
func (e *SendError) Cause() sms.Cause {
	result, ok := e.Err.(*ResultError) //nolint:errorlint // Send wraps no result
	switch {
	case ok && e.Left:
		return result.Cause()
	case ok && result.Cause().Class != sms.Uncertain:
		return result.Cause()
	case e.Left:
		c := sms.CMSError(unknownError)
		c.Diagnostic = "modem: no result"
		return c
	}
	c := sms.CMSError(meFailure)
	c.Diagnostic = "modem: no prompt"
	return c
}

// meFailure is the number that 3GPP TS 27.005 has for a modem that is out of order.
const meFailure = 300
