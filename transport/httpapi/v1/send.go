package v1

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/transport/httpapi"
)

// sendRequest is a text, or binary data, to phones.
type sendRequest struct {
	To       recipients `json:"to"`
	Text     string     `json:"text"`
	Data     []byte     `json:"data"`      // of a binary message, instead of Text
	UDH      []byte     `json:"udh"`       // of a binary message: information elements, without the octet for their length
	PID      *int       `json:"pid"`       // 3GPP TS 23.040 §9.2.3.9
	DCS      *int       `json:"dcs"`       // 3GPP TS 23.038 §4
	From     string     `json:"from"`      // what the phone shows as sender, if the account may choose
	ReplyTo  string     `json:"reply_to"`  // a mailbox of the account's, for answers and reports
	Gateway  string     `json:"gateway"`   // the one that is to take it
	Flash    bool       `json:"flash"`     // 3GPP TS 23.038 class 0
	MaxParts int        `json:"max_parts"` // 1..128; 0: 128
	Validity int        `json:"validity"`  // minutes; 0: the site's
	SendAt   time.Time  `json:"send_at"`   // not before
	MsgID    string     `json:"msgid"`     // the same as the header Idempotency-Key
}

// recipients is one or many.
type recipients []string

// UnmarshalJSON reads a string, or a list of strings.
func (r *recipients) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*r = make(recipients, 1)
		return json.Unmarshal(data, &(*r)[0])
	}
	return json.Unmarshal(data, (*[]string)(r))
}

// Bounds of a request.
const (
	maxRecipients = 1000
	maxText       = 64 << 10 // octets: more than 128 parts hold
	maxSchedule   = 366 * 24 * time.Hour
	maxMsgID      = 255
)

// sendResult is what came of one recipient.
type sendResult struct {
	To        string              `json:"to"` // as it was asked for
	ID        smsengine.MessageID `json:"id,omitempty"`
	Number    string              `json:"number,omitempty"`    // the phone that it was understood as
	Duplicate bool                `json:"duplicate,omitempty"` // it was there already: the same key, or the same number twice
	Dropped   string              `json:"dropped,omitempty"`   // why there is no message and no error
	Problem   *httpapi.Problem    `json:"problem,omitempty"`
}

// sendResults is the answer to a sendRequest, in the order of its recipients.
type sendResults struct {
	Messages []sendResult `json:"messages"`
}

// refusedAll is a request of which nothing came: the problem of one recipient,
// with those of all.
type refusedAll struct {
	httpapi.Problem
	sendResults
}

func (r *refusedAll) Error() string { return r.Detail }

// write answers with both: members of a problem, and others (RFC 9457 §3.2).
func (r *refusedAll) write(w http.ResponseWriter) {
	r.Head(w)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(r.Status)
	_ = json.NewEncoder(w).Encode(r) // it has nothing that could fail, and who went away needs no answer
}

// send hands a text to the Desk.
func (h *Handler) send(r *request) (reply, error) {
	var req sendRequest
	if err := readObject(r.Request, &req); err != nil {
		return reply{}, err
	}
	if err := req.check(h.o.Now()); err != nil {
		return reply{}, err
	}
	sub := smsengine.Submission{
		Source: smsengine.Source{Door: "http", Identity: r.login.Identity, Sender: smsengine.Inbox(r.login.Account)},
		Body:   smsengine.Body{Text: req.Text},
		SendAt: req.SendAt,
	}
	if req.Text == "" {
		sub.Body = smsengine.Body{Alphabet: sms.Binary.String(), Data: req.Data, UDH: req.UDH}
	}
	name, err := idempotency(r.Request, req.MsgID)
	if err != nil {
		return reply{}, err
	}
	if name != "" {
		sum := sha256.Sum256([]byte("http\x00" + r.login.Account + "\x00" + name))
		sub.Source.Digest = hex.EncodeToString(sum[:])
	}
	return h.submit(r, req, sub)
}

// submit hands in what can be read of the recipients, and tells of each.
func (h *Handler) submit(r *request, req sendRequest, sub smsengine.Submission) (reply, error) {
	results := make([]sendResult, len(req.To))
	var places []int
	for i, to := range req.To {
		results[i].To = to
		known, err := h.recipient(to, req)
		if err != nil {
			results[i].refuse(err)
			continue
		}
		results[i].Number = known.Number
		sub.Recipients = append(sub.Recipients, smsengine.Recipient{Address: known.String()})
		places = append(places, i)
	}
	if len(places) > 0 {
		for n, o := range h.o.Desk.Submit(r.Context(), sub) {
			res := &results[places[n]]
			res.ID, res.Duplicate, res.Dropped = o.ID, o.Duplicate, o.Dropped
			switch {
			case o.Err != nil:
				res.refuse(o.Err)
			case o.Duplicate:
				if err := h.same(r, o.ID, sub.Body); err != nil {
					res.refuse(err)
				}
			}
		}
	}
	return answerTo(r, results)
}

func (s *sendResult) refuse(err error) {
	p := problem(err)
	s.Problem, s.ID, s.Duplicate = &p, "", false
}

// same makes sure that what was sent before under a name is what is asked for
// now: a program that uses a name twice must not think that the second text left.
func (h *Handler) same(r *request, id smsengine.MessageID, body smsengine.Body) error {
	m, err := h.o.Store.Message(r.Context(), id)
	if err != nil {
		return err
	}
	if m.Body.Text != body.Text || string(m.Body.Data) != string(body.Data) || string(m.Body.UDH) != string(body.UDH) {
		return withStatus(http.StatusConflict, "5.5.4", "another text was sent to this number under the same msgid (Idempotency-Key)")
	}
	return nil
}

// answerTo makes the answer. It is an error only if nothing came of any recipient;
// one that may be tried again counts most then.
func answerTo(r *request, results []sendResult) (reply, error) {
	out := reply{status: http.StatusAccepted, body: sendResults{results}}
	var worst *httpapi.Problem
	good := false
	for _, res := range results {
		switch {
		case res.Problem == nil:
			good = true
			if res.ID != "" {
				r.visit.Did("", res.ID)
			}
		case worst == nil || worst.Wait == 0 && res.Problem.Wait > 0:
			worst = res.Problem
		}
	}
	if !good {
		return reply{}, &refusedAll{*worst, sendResults{results}}
	}
	if len(results) == 1 && results[0].ID != "" {
		out.location = "/v1/messages/" + string(results[0].ID)
	}
	return out, nil
}

// check looks whether the request makes sense, before anybody is asked.
func (q *sendRequest) check(now time.Time) error {
	binary := len(q.Data) > 0 || len(q.UDH) > 0
	switch {
	case len(q.To) == 0:
		return wrongField("to", "whom is it for? want a phone number, or a list of them")
	case len(q.To) > maxRecipients:
		return wrongField("to", "at most "+strconv.Itoa(maxRecipients)+" at a time")
	case q.Text == "" && !binary:
		return wrongField("text", "there is nothing to send")
	case q.Text != "" && binary:
		return wrongField("data", "a message has text or data, not both")
	case len(q.Text) > maxText:
		return wrongField("text", "it is longer than any message can be")
	case q.MaxParts < 0 || q.MaxParts > 128:
		return wrongField("max_parts", "want a number from 1 to 128")
	case q.Validity < 0 || q.Validity > 635040:
		return wrongField("validity", "want a number of minutes from 1 to 635040 (63 weeks)")
	case q.PID != nil && (*q.PID < 0 || *q.PID > 255):
		return wrongField("pid", "want a number from 0 to 255")
	case q.DCS != nil && (*q.DCS < 0 || *q.DCS > 255):
		return wrongField("dcs", "want a number from 0 to 255")
	case q.SendAt.After(now.Add(maxSchedule)):
		return wrongField("send_at", "want a time within a year")
	}
	return nil
}

// idempotency is the name of a request, by which a repetition is recognised: that
// of the body, or of the header (draft-ietf-httpapi-idempotency-key-header, with
// its quotes or without). "" is none.
func idempotency(r *http.Request, msgid string) (string, error) {
	name := msgid
	if header := r.Header.Values("Idempotency-Key"); len(header) > 0 {
		said := strings.TrimSpace(header[0])
		if n := len(said); n >= 2 && said[0] == '"' && said[n-1] == '"' {
			said = said[1 : n-1]
		}
		if len(header) > 1 || said == "" || msgid != "" && msgid != said {
			return "", wrongField("Idempotency-Key", "want one name, and in msgid the same or none")
		}
		name = said
	}
	if len(name) > maxMsgID || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", wrongField("msgid", "want at most 255 octets, without control characters")
	}
	return name, nil
}
