package control

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// send hands a text to the Desk. The recipients' refusals are in the result.
func (s *Server) send(r *http.Request) (any, error) {
	var req SendRequest
	if err := read(r, &req); err != nil {
		return nil, err
	}
	switch {
	case len(req.To) == 0:
		return nil, wrong("a text needs a recipient: to = [\"+15551234567\"]")
	case strings.TrimSpace(req.Text) == "":
		return nil, wrong("there is no text to send")
	}
	sub := smsengine.Submission{
		Source: smsengine.Source{
			Door:     "control",
			Identity: smsengine.Identity{Method: smsengine.MethodLocal, Peer: by(r)},
			Sender:   smsengine.Mailbox(req.From), MessageID: req.MessageID, Subject: req.Subject,
		},
		Body: smsengine.Body{Text: req.Text},
	}
	for _, to := range req.To {
		sub.Recipients = append(sub.Recipients, smsengine.Recipient{Address: s.address(to)})
	}
	results := make([]SendResult, len(req.To))
	for i, o := range s.o.Desk.Submit(r.Context(), sub) {
		results[i] = SendResult{To: req.To[i], ID: o.ID, Duplicate: o.Duplicate, Dropped: o.Dropped}
		if o.Err != nil {
			results[i].Refused = &o.Err.Status
		}
	}
	return results, nil
}

// address completes a number to an address that the Desk reads.
func (s *Server) address(to string) string {
	to = strings.TrimSpace(to)
	if strings.Contains(to, "@") {
		return to
	}
	prefix := s.o.Prefix + ":"
	if len(to) < len(prefix) || !strings.EqualFold(to[:len(prefix)], prefix) {
		to = prefix + to
	}
	return `"` + to + `"@` + s.o.Domain
}

var requests = map[string]smsengine.EventKind{
	"cancel": smsengine.CancelReq,
	"hold":   smsengine.HoldReq,
	"resume": smsengine.ResumeReq,
	"repeat": smsengine.RepeatReq,
}

// request does what a person asks of a message.
func (s *Server) request(r *http.Request) (any, error) {
	kind, ok := requests[r.PathValue("request")]
	if !ok {
		return nil, wrong(fmt.Sprintf("a message can be asked to cancel, hold, resume or repeat, not to %q", r.PathValue("request")))
	}
	id := smsengine.MessageID(r.PathValue("id"))
	m, err := s.o.Operator.Request(r.Context(), id, kind, by(r))
	if err == nil {
		s.log.Info("requested", "message", id, "request", kind, "by", by(r), "state", m.State)
	}
	return m, err
}

// inbox gives what a simulated phone has.
func (s *Server) inbox(r *http.Request) (any, error) {
	if s.o.Network == nil {
		return nil, noNetwork
	}
	q := r.URL.Query()
	if q.Get("number") == "" {
		return nil, wrong("which phone? number is missing")
	}
	texts := 0
	if v := q.Get("texts"); v != "" {
		var err error
		if texts, err = strconv.Atoi(v); err != nil {
			return nil, wrong("texts is not a number")
		}
	}
	in, err := s.o.Network.Inbox(r.Context(), q.Get("number"), texts)
	if err != nil {
		return nil, err
	}
	if in.Texts == nil {
		in.Texts = []Text{}
	}
	return in, nil
}

type simText struct {
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// simSend sends a text from a simulated phone.
func (s *Server) simSend(r *http.Request) (any, error) {
	var t simText
	if err := read(r, &t); err != nil {
		return nil, err
	}
	if s.o.Network == nil {
		return nil, noNetwork
	}
	if err := s.o.Network.Send(r.Context(), t.From, t.To, t.Text); err != nil {
		if r.Context().Err() != nil {
			return nil, err
		}
		return nil, wrong(err.Error())
	}
	return struct{}{}, nil
}

var noNetwork = smsengine.Fail("control", smsengine.Permanent, "5.3.5",
	`there is no simulated network here: the configuration has no gateway of type "sim"`, nil)

func unknown(r *http.Request) (any, error) {
	return nil, smsengine.Fail("control", smsengine.Permanent, "5.5.1",
		fmt.Sprintf("this version of postel does not know %s %s; are command and service of the same version?", r.Method, r.URL.Path), nil)
}
