package mailbox

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// loginError is a login that the server refused.
type loginError struct{ err error }

func (e *loginError) Error() string { return fmt.Sprintf("login: %s", e.err) }
func (e *loginError) Unwrap() error { return e.err }

// refusedLogin marks an error as that of a login, if it is the server's word.
func refusedLogin(err error) error {
	if isAnswer(err) {
		return &loginError{err}
	}
	return err
}

// LoginRefused reports whether the server knows no such user and password, or
// does not let this user in.
func LoginRefused(err error) bool {
	_, ok := errors.AsType[*loginError](err)
	return ok
}

// CodeOf gives the response code of an answer (RFC 5530), "" if there is none.
func CodeOf(err error) imap.ResponseCode {
	if answer, ok := errors.AsType[*imap.Error](err); ok {
		return answer.Code
	}
	return ""
}

// Answer gives the server's answer that the error is; false if the connection
// failed instead.
func Answer(err error) (*imap.Error, bool) { return errors.AsType[*imap.Error](err) }

func isAnswer(err error) bool {
	_, ok := Answer(err)
	return ok
}

// Missing reports whether an answer says that the folder is not there.
func Missing(err error) bool {
	switch CodeOf(err) {
	case imap.ResponseCodeTryCreate, imap.ResponseCodeNonExistent:
		return true
	}
	return false
}
