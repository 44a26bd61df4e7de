package transport

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// httpCodes gives the HTTP status of an enhanced code (RFC 3463) without its
// class, as replyCodes does for SMTP.
var httpCodes = map[string]struct{ temporary, permanent int }{
	"1":   {http.StatusServiceUnavailable, http.StatusBadRequest},            // addressing: bad number
	"2":   {http.StatusServiceUnavailable, http.StatusUnprocessableEntity},   // mailbox
	"2.2": {http.StatusTooManyRequests, http.StatusForbidden},                // over a limit: of the month, no repetition helps
	"2.3": {http.StatusServiceUnavailable, http.StatusRequestEntityTooLarge}, // more parts than it may have
	"3":   {http.StatusServiceUnavailable, http.StatusUnprocessableEntity},   // this system
	"3.4": {http.StatusServiceUnavailable, http.StatusRequestEntityTooLarge}, // too big
	"5":   {http.StatusServiceUnavailable, http.StatusBadRequest},            // protocol: the request is wrong
	"6":   {http.StatusServiceUnavailable, http.StatusUnprocessableEntity},   // content
	"7":   {http.StatusTooManyRequests, http.StatusForbidden},                // policy; too fast
	"7.8": {http.StatusTooManyRequests, http.StatusUnauthorized},             // credentials
}

// How long a client should wait before it tries again.
const (
	afterTooMuch = time.Minute
	afterTrouble = 30 * time.Second
)

// HTTP gives the status of HTTP for an error, what a stranger may know of it, and
// for how long to wait with another try, 0 if none helps. What is uncertain or
// has no class is temporary: a repetition is recognised if it bears a name.
func HTTP(err error) (code int, s smsengine.Status, wait time.Duration) {
	for _, k := range known {
		if errors.Is(err, k.err) {
			s = k.status
			if worded, ok := errors.AsType[*smsengine.Error](err); ok {
				s = worded.Status
			}
			return k.code, s, 0
		}
	}
	s = StatusOf(err)
	_, subject, detail := parseCode(s.Code)
	codes, ok := httpCodes[fmt.Sprintf("%d.%d", subject, detail)]
	if !ok {
		codes, ok = httpCodes[fmt.Sprint(subject)]
	}
	if !ok {
		codes.temporary, codes.permanent = http.StatusServiceUnavailable, http.StatusUnprocessableEntity
	}
	switch {
	case err == nil:
		return http.StatusOK, s, 0
	case s.Class == smsengine.Permanent:
		return codes.permanent, s, 0
	case codes.temporary == http.StatusTooManyRequests:
		return codes.temporary, s, afterTooMuch
	}
	return codes.temporary, s, afterTrouble
}

// known are the errors of a store that mean something of their own in HTTP.
var known = []struct {
	err    error
	code   int
	status smsengine.Status
}{
	{smsengine.ErrNotFound, http.StatusNotFound, smsengine.Status{Class: smsengine.Permanent, Code: "5.1.0", Text: "there is no such message"}},
	{smsengine.ErrTransition, http.StatusConflict, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.1", Text: "that cannot be done in the message's present state"}},
	{smsengine.ErrExists, http.StatusConflict, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.4", Text: "there is one of that name already"}},
	{smsengine.ErrChanged, http.StatusConflict, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.4", Text: "somebody else has changed it meanwhile; try again"}},
}
