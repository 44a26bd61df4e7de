package milter

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
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
)

// session is one SMTP session. go-milter replaces a session that answers
// RespAccept, RespReject, RespTempFail or RespDiscard by a new one, without the
// MTA saying again what it knows: so none of them is ever answered.
type session struct {
	*Server
	milter.NoOpMilter // the events that are not asked for
	conn              *listen.Conn
	mail              *mail // nil between mails
}

// mail is what is known of the mail under way.
type mail struct {
	source  smsengine.Source
	from    string   // envelope sender, "" for the null sender
	client  string   // for presence
	numbers []string // phone recipients that Check said yes to
	pending int      // what they cost

	tickets   int    // that the mail brought along
	hasID     bool   // a Message-ID was seen
	messageID string // without angle brackets
}

// MailFrom begins a mail. The user is taken out of the macros: go-milter keeps
// them until the MTA sends others, and the next mail must not inherit him.
func (s *session) MailFrom(from string, m *milter.Modifier) (milter.Response, error) {
	s.end()
	from = unquote(from)
	id := smsengine.Identity{User: m.Macros[macroUser], Peer: address(m.Macros[macroAddress])}
	if id.User != "" {
		id.Method = smsengine.MethodAuth
	}
	s.mail = &mail{
		from:   from,
		client: clientName(id.Peer, m.Macros[macroPort]),
		source: smsengine.Source{
			Door: "milter", Received: s.Now(), Identity: id, Sender: smsengine.Mailbox(from),
		},
	}
	delete(m.Macros, macroUser)
	s.presence.enter(s.mail.client)
	s.conn.SetIdle(false)
	return milter.RespContinue, nil
}

// RcptTo decides a phone recipient, and lets any other pass. The address is as
// the client wrote it; the macro {rcpt_addr} would be in lower case.
func (s *session) RcptTo(to string, _ *milter.Modifier) (milter.Response, error) {
	number, isPhone, err := s.Phones.Parse(to)
	switch {
	case !isPhone || s.mail == nil:
		return milter.RespContinue, nil
	case err != nil:
		return refuse(transport.StatusOf(err)), nil
	case s.mail.from == "":
		// A bounce, or a server that asks whether our sender exists: it is taken,
		// and dropped by the transport.
		return milter.RespContinue, nil
	}
	for _, known := range s.mail.numbers {
		if known == number.Number {
			return milter.RespContinue, nil
		}
	}
	v, err := s.check(smsengine.Recipient{Address: to})
	if err != nil {
		status := transport.StatusOf(err)
		s.Log.Info("recipient refused", "door", "milter", "user", s.mail.source.Identity.User,
			"peer", s.mail.source.Identity.Peer, "to", number.Number, "code", status.Code, "reason", status.Text)
		return refuse(status), nil
	}
	s.mail.numbers = append(s.mail.numbers, number.Number)
	s.mail.pending += v.Cost
	return milter.RespContinue, nil
}

// check asks the Desk. A fault of ours must not end the session: the MTA would
// take that for yes.
func (s *session) check(r smsengine.Recipient) (v smsengine.Verdict, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic", "door", "milter", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = smsengine.Fail("milter", smsengine.Temporary, "4.3.0", "temporary failure of the phone service, try again later", nil)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	return s.Desk.Check(ctx, &s.mail.source, r, s.mail.pending)
}

// Header looks for tickets and the Message-ID, or ends the mail here if it has
// no phone recipient.
func (s *session) Header(name, value string, _ *milter.Modifier) (milter.Response, error) {
	if s.mail == nil || len(s.mail.numbers) == 0 {
		s.end()
		return accept{}, nil
	}
	switch name = strings.TrimRight(name, " \t"); {
	case strings.EqualFold(name, mailbridge.TicketHeader):
		s.mail.tickets++
	case strings.EqualFold(name, "Message-ID") && !s.mail.hasID:
		s.mail.hasID, s.mail.messageID = true, messageID(value)
	}
	return milter.RespContinue, nil
}

// Body stamps the mail: it is called at its end.
func (s *session) Body(m *milter.Modifier) (milter.Response, error) {
	defer s.end()
	if s.mail == nil || len(s.mail.numbers) == 0 {
		return milter.RespContinue, nil
	}
	if err := s.stamp(m); err != nil {
		s.Log.Error("cannot stamp a mail", "door", "milter", "err", err)
		return refuse(smsengine.StatusOf(err)), nil
	}
	return milter.RespContinue, nil
}

// stamp removes the tickets that came with the mail, the last one first so that
// the places of the others stay, and adds ours if somebody authenticated.
func (s *session) stamp(m *milter.Modifier) error {
	for i := s.mail.tickets; i > 0; i-- {
		if err := m.ChangeHeader(i, mailbridge.TicketHeader, ""); err != nil {
			return err
		}
	}
	if s.mail.tickets > 0 {
		s.Log.Warn("removed tickets that a mail brought along", "door", "milter",
			"count", s.mail.tickets, "peer", s.mail.source.Identity.Peer)
	}
	id := s.mail.source.Identity
	if id.Method == "" {
		return nil
	}
	ticket, err := s.Tickets.Seal(mailbridge.Ticket{
		User: id.User, Method: id.Method, Sender: s.mail.from,
		MessageID: s.mail.messageID, Numbers: s.mail.numbers, Issued: s.Now(),
	})
	if err != nil {
		return err
	}
	return m.AddHeader(mailbridge.TicketHeader, ticket)
}

// Abort forgets the mail under way; the session goes on.
func (s *session) Abort(*milter.Modifier) error {
	s.end()
	return nil
}

// end forgets the mail under way: from here on nothing is owed to the MTA.
func (s *session) end() {
	if s.mail != nil {
		s.presence.leave(s.mail.client)
		s.mail = nil
	}
	s.conn.SetIdle(true)
}

// accept lets go of the mail without replacing the session.
type accept struct{}

func (accept) Response() *milter.Message { return &milter.Message{Code: byte(milter.ActAccept)} }
func (accept) Continue() bool            { return true }

// refuse answers one recipient; the others go on. MTAs take the text for a
// printf format.
func refuse(s smsengine.Status) milter.Response {
	return milter.NewResponseStr(byte(milter.ActReplyCode), strings.ReplaceAll(transport.ReplyLine(s), "%", "%%"))
}

// messageID reads the value of a Message-ID field as the transport will.
func messageID(value string) string {
	m, err := mailbridge.Read(strings.NewReader("Message-ID: " + value + "\r\n\r\n"))
	if err != nil {
		return ""
	}
	return m.MessageID
}

// unquote gives a path as go-smtp gives it to the transport: without a source
// route (RFC 5321 appendix C), without the quotes of its local part.
func unquote(path string) string {
	path = strings.Trim(path, " \t")
	if strings.HasPrefix(path, "@") {
		if _, rest, ok := strings.Cut(path, ":"); ok {
			path = rest
		}
	}
	if !strings.HasPrefix(path, `"`) {
		return path
	}
	var local strings.Builder
	for i := 1; i < len(path); i++ {
		switch path[i] {
		case '"':
			return local.String() + path[i+1:]
		case '\\':
			if i++; i == len(path) {
				return path
			}
		}
		local.WriteByte(path[i])
	}
	return path
}
