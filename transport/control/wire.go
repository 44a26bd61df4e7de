package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/user"

	"github.com/postel-mail/postel/smsengine"
)

// userHeader names the person who runs the command. It is what the client says:
// whoever can open the socket may do everything anyway.
const userHeader = "Postel-User"

// whoami is the name for userHeader.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// by is who asks, for the trace.
func by(r *http.Request) string {
	if name := r.Header.Get(userHeader); name != "" {
		return name
	}
	return "unknown"
}

// answer makes a handler of a call: its result as JSON, or its error as a
// problem.
func (s *Server) answer(call func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		result, err := call(r)
		kind, code := "application/json", http.StatusOK
		if err != nil {
			p := describe(err)
			if p.Status == http.StatusInternalServerError {
				s.log.Error("control request failed", "call", r.Method+" "+r.URL.Path, "err", err)
			}
			result, kind, code = p, problemType, p.Status
		}
		body, err := json.Marshal(result)
		if err != nil {
			s.log.Error("control answer lost", "call", r.Method+" "+r.URL.Path, "err", err)
			code = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		_, _ = w.Write(append(body, '\n')) // a command that went away needs no answer
	}
}

// read decodes a request strictly: a field that this version does not know may
// change what is meant.
func read(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return smsengine.Fail("control", smsengine.Permanent, "5.5.2", "the request cannot be read: "+err.Error(), err)
	}
	return nil
}

func wrong(text string) error {
	return smsengine.Fail("control", smsengine.Permanent, "5.5.4", text, nil)
}

// kinds are the errors that keep their identity over the wire, each with its
// HTTP status and code, by which failure knows it again.
var kinds = []struct {
	err    error
	status int
	words  smsengine.Status
}{
	{smsengine.ErrNotFound, http.StatusNotFound, smsengine.Status{Class: smsengine.Permanent, Code: "5.1.0", Text: "there is no such message"}},
	{smsengine.ErrTransition, http.StatusConflict, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.1", Text: "that cannot be done in the message's present state"}},
	{smsengine.ErrExists, http.StatusConflict, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.4", Text: "there is one of that name already"}},
	{smsengine.ErrChanged, http.StatusPreconditionFailed, smsengine.Status{Class: smsengine.Permanent, Code: "5.5.4", Text: "somebody else has changed it meanwhile; try again"}},
	{context.Canceled, http.StatusServiceUnavailable, smsengine.Status{Class: smsengine.Temporary, Code: "4.3.2", Text: "postel is shutting down"}},
}

// describe makes a problem of an error. What nobody worded stays in the log.
func describe(err error) problem {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			words := k.words
			if worded, ok := errors.AsType[*smsengine.Error](err); ok && errors.Is(worded.Err, k.err) {
				words = worded.Status
			}
			return problem{Title: http.StatusText(k.status), Status: k.status, Postel: words}
		}
	}
	st := smsengine.StatusOf(err)
	code := http.StatusInternalServerError
	if _, worded := errors.AsType[*smsengine.Error](err); worded {
		code = http.StatusServiceUnavailable
		if st.Class == smsengine.Permanent {
			code = http.StatusUnprocessableEntity
		}
	}
	return problem{Title: http.StatusText(code), Status: code, Postel: st}
}

// failure makes the error of a problem again.
func (p problem) failure() error {
	e := &smsengine.Error{Op: "postel", Status: p.Postel}
	for _, k := range kinds {
		if p.Status == k.status && p.Postel.Code == k.words.Code && k.status != http.StatusServiceUnavailable {
			e.Err = k.err
		}
	}
	return e
}
