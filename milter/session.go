package milter

import (
	"context"
	"fmt"
	"net/textproto"
	"runtime/debug"
	"strings"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport"
	"github.com/postel-mail/postel/transport/listen"
)

// The macros that are asked for with MAIL. {auth_authen} is who authenticated.
// {auth_author} is not: it repeats what the client wrote after AUTH= (RFC 4954
// §5), and anybody may write anything there.
const (
	macroUser    = "{auth_authen}"
	macroAddress = "{client_addr}"
	macroPort    = "{client_port}"
	macroTLS     = "{tls_version}"
	macroQueue   = "i"
)

// session is one SMTP session. go-milter replaces a session that answers
// RespAccept, RespReject, RespTempFail or RespDiscard by a new one, without the
// MTA saying again what it knows: so none of them is ever answered.
type session struct {
	*Server
	milter.NoOpMilter // the events that are not asked for
	conn              *listen.Conn
	tap               tap
	mail              *mail // nil between mails
}

// MailFrom begins a mail. The user is taken out of the macros: go-milter keeps
// them until the MTA sends others, and the next mail must not inherit him.
func (s *session) MailFrom(from string, m *milter.Modifier) (milter.Response, error) {
	s.end()
	from = unquote(from)
	id := smsengine.Identity{
		Method: smsengine.MethodClient, Peer: address(m.Macros[macroAddress]), Secure: m.Macros[macroTLS] != "",
	}
	if user := m.Macros[macroUser]; user != "" {
		id.Method, id.User = smsengine.MethodAuth, user
	}
	s.mail = &mail{
		from:       from,
		client:     clientName(id.Peer, m.Macros[macroPort]),
		parameters: s.tap.parameters(),
		source: smsengine.Source{
			Door: "milter", Received: s.Now(), Identity: id,
			Sender: smsengine.Mailbox(phone.Redact(from)), // a list's VERP address may have a member's password in it
		},
	}
	delete(m.Macros, macroUser)
	s.Seen.enter(s.mail.client)
	s.conn.SetIdle(false)
	return milter.RespContinue, nil
}

// RcptTo decides a phone recipient, and lets any other pass. The address is as
// the client wrote it; the macro {rcpt_addr} would be in lower case.
func (s *session) RcptTo(to string, _ *milter.Modifier) (milter.Response, error) {
	if s.mail == nil {
		return milter.RespContinue, nil
	}
	number, isPhone, err := s.Phones.Parse(to)
	if !isPhone {
		s.mail.others = true
		return milter.RespContinue, nil
	}
	s.mail.expose(to, number)
	if err != nil && s.mail.from != "" { // bounces come to senders who have no number, too
		return refuse(transport.StatusOf(err)), nil
	}
	r := newRecipient(s.Phones, to, s.tap.parameters(), number)
	s.mail.exposed = s.mail.exposed || r.secret
	switch {
	case s.mail.has(r.number):
		r.again = true
	case s.mail.from == "":
		// A bounce, or a server that asks whether our sender exists: it is taken,
		// and dropped by the transport.
	default:
		v, err := s.check(smsengine.Recipient{Address: to, ORCPT: r.ORCPT, Notify: r.Notify})
		if err != nil {
			return s.refused(transport.StatusOf(err), r.number), nil
		}
		r.identity = v.Identity
		if s.mail.crowded(r.identity) {
			return s.refused(crowd, r.number), nil
		}
		s.mail.pending += v.Cost
	}
	s.mail.phones = append(s.mail.phones, r)
	return milter.RespContinue, nil
}

var crowd = smsengine.Status{Class: smsengine.Temporary, Code: "4.5.3", Text: "too many accounts pay for this mail, send it in several"}

func (s *session) refused(status smsengine.Status, number string) milter.Response {
	s.Log.Info("recipient refused", "door", "milter", "user", s.mail.source.Identity.User,
		"peer", s.mail.source.Identity.Peer, "to", number, "code", status.Code, "reason", phone.Redact(status.Text))
	return refuse(status)
}

// check asks the Desk. A fault of ours must not end the session: the MTA would
// take that for yes.
func (s *session) check(r smsengine.Recipient) (v smsengine.Verdict, err error) {
	defer s.fault(&err)
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	return s.Desk.Check(ctx, &s.mail.source, r, s.mail.pending)
}

// fault makes a temporary failure of a panic.
func (s *session) fault(err *error) {
	if p := recover(); p != nil {
		s.Log.Error("panic", "door", "milter", "panic", phone.Redact(fmt.Sprint(p)), "stack", string(debug.Stack()))
		*err = errFault
	}
}

var errFault = smsengine.Fail("milter", smsengine.Temporary, "4.3.0", "temporary failure of the phone service, try again later", nil)

// Header takes a field of the header in, or ends the mail here if nothing is to
// be done for it.
func (s *session) Header(name, value string, m *milter.Modifier) (milter.Response, error) {
	wanted := s.mail != nil && s.mail.wanted(s.Mode)
	if s.mail != nil && (wanted || s.Scrub == ScrubAll) {
		s.field(strings.TrimRight(name, " \t"), value, wanted, m)
	}
	switch {
	case s.Scrub == ScrubAll:
		return nil, nil // it was agreed that fields have no answer
	case !wanted:
		s.end()
		return accept, nil
	}
	return milter.RespContinue, nil
}

// field looks for tickets, the Message-ID and secrets.
func (s *session) field(name, value string, wanted bool, m *milter.Modifier) {
	mail := s.mail
	switch {
	case wanted && strings.EqualFold(name, mailbridge.TicketHeader):
		mail.tickets++
	case wanted && strings.EqualFold(name, "Message-ID") && !mail.hasID:
		mail.hasID, mail.messageID = true, messageID(value)
	case s.Scrub != ScrubNone:
		mail.header.field(s.Phones, name, value)
	}
	if wanted && s.Mode == Take {
		s.read(m).field(name, value)
	}
}

// Headers ends a mail of nobody's whose header needs no change; only with
// ScrubAll is the end of the header told.
func (s *session) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	if s.mail == nil || !s.mail.wanted(s.Mode) && len(s.mail.header.changes) == 0 {
		s.end()
		return accept, nil
	}
	return milter.RespContinue, nil
}

// BodyChunk takes a piece of the text in; only with Take is it told.
func (s *session) BodyChunk(chunk []byte, m *milter.Modifier) (milter.Response, error) {
	if s.mail != nil && s.mail.wanted(s.Mode) {
		s.read(m).body(chunk)
	}
	return milter.RespContinue, nil
}

// Body is called at the end of the mail.
func (s *session) Body(m *milter.Modifier) (milter.Response, error) {
	defer s.end()
	if s.mail == nil {
		return milter.RespContinue, nil
	}
	answer, err := s.finish(m)
	if err != nil {
		status := transport.StatusOf(err)
		s.Log.Warn("a mail for phones is refused", "door", "milter", "queue", m.Macros[macroQueue], "mail", s.mail.messageID,
			"code", status.Code, "err", phone.Redact(err.Error()))
		return refuse(status), nil
	}
	return answer, nil
}

// Abort forgets the mail under way; the session goes on.
func (s *session) Abort(*milter.Modifier) error {
	s.end()
	return nil
}

// end forgets the mail under way: from here on nothing is owed to the MTA.
func (s *session) end() {
	if s.mail != nil {
		s.Seen.leave(s.mail.client)
		s.mail.reading.close()
		s.mail = nil
	}
	s.conn.SetIdle(true)
}

// code is an answer of one letter that does not replace the session.
type code milter.ActionCode

const (
	accept  = code(milter.ActAccept)
	discard = code(milter.ActDiscard)
)

func (c code) Response() *milter.Message { return &milter.Message{Code: byte(c)} }
func (c code) Continue() bool            { return true }

// refuse answers one recipient, or the mail at its end. MTAs take the text for a
// printf format.
func refuse(s smsengine.Status) milter.Response {
	line := phone.Redact(transport.ReplyLine(s))
	return milter.NewResponseStr(byte(milter.ActReplyCode), strings.ReplaceAll(line, "%", "%%"))
}
