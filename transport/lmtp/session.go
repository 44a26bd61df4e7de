package lmtp

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport"
)

// session is one connection's conversation. go-smtp runs the end of a BDAT mail
// in a goroutine of its own and may reset the session meanwhile, hence the lock.
type session struct {
	*Server
	conn  *lines
	peer  string
	local bool // the peer's word is taken without a ticket

	mu sync.Mutex
	tx *transaction
}

// transaction is a mail on its way in.
type transaction struct {
	source     smsengine.Source
	from       string // envelope sender, "" for the null sender
	recipients []recipient
	pending    int // cost of the recipients that Check said yes to
}

// recipient is one that was answered with 250.
type recipient struct {
	smsengine.Recipient
	argument string // as go-smtp knows it
	number   string // normalised
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	conn := c.Conn().(*lines)
	peer, network := conn.RemoteAddr().String(), false
	if addr, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		ip := addr.AddrPort().Addr().Unmap()
		peer = ip.String()
		network = contains(s.Networks, ip)
	}
	return &session{Server: s, conn: conn, peer: peer, local: s.Trusted || network}, nil
}

func contains(networks []netip.Prefix, ip netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

// Mail begins a transaction.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	tx := &transaction{from: from, source: smsengine.Source{
		Door: s.door, Received: s.Now(), Sender: smsengine.Mailbox(from),
		EnvID: opts.EnvelopeID, Return: smsengine.Return(opts.Return),
		Identity: smsengine.Identity{Peer: s.peer},
	}}
	if s.local {
		tx.source.Identity.Method, tx.source.Identity.User = smsengine.MethodTrusted, from
	}
	s.mu.Lock()
	s.tx = tx
	s.mu.Unlock()
	return nil
}

// Rcpt takes a recipient if it is a phone. Who asks is known here only on a
// trusted connection; else the ticket in the header tells, and the answer to
// DATA says what came of it.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	tx := s.current()
	if tx == nil {
		return errNoMail
	}
	r := smsengine.Recipient{Address: s.conn.path, ORCPT: opts.OriginalRecipient, Notify: notify(opts.Notify)}
	number, isPhone, err := s.Phones.Parse(r.Address)
	switch {
	case !isPhone:
		return reply(notAPhone)
	case err != nil:
		return reply(transport.StatusOf(err))
	}
	if s.local && tx.from != "" && !tx.has(number.Number) {
		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		verdict, err := s.Desk.Check(ctx, &tx.source, r, tx.pending)
		if err != nil {
			return reply(transport.StatusOf(err))
		}
		tx.pending += verdict.Cost
	}
	tx.recipients = append(tx.recipients, recipient{r, to, number.Number})
	return nil
}

var notAPhone = smsengine.Status{
	Class: smsengine.Permanent, Code: "5.1.1", Text: "not a phone number; this server relays to phones only",
}

var errNoMail = &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "no mail is under way"}

// has reports whether the number is a recipient already, in whatever spelling.
func (tx *transaction) has(number string) bool {
	for _, r := range tx.recipients {
		if r.number == number {
			return true
		}
	}
	return false
}

// LMTPData takes the mail and answers for each recipient.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	tx := s.current()
	if tx == nil {
		return errNoMail
	}
	answers, err := s.deliver(tx, r)
	if err != nil {
		return err
	}
	for i, a := range answers {
		status.SetStatus(tx.recipients[i].argument, reply(a))
	}
	return nil
}

// Data is LMTPData for SMTP, where there is one answer for all recipients: the
// temporary failure if there is one, since those that went well are known when
// the mail comes again; else the permanent one, for somebody must hear of it.
func (s *session) Data(r io.Reader) error {
	tx := s.current()
	if tx == nil {
		return errNoMail
	}
	answers, err := s.deliver(tx, r)
	if err != nil {
		return err
	}
	worst := answers[0]
	for _, a := range answers[1:] {
		if rank(a) > rank(worst) {
			worst = a
		}
	}
	return reply(worst)
}

func rank(s smsengine.Status) int {
	switch code, _, _ := transport.Reply(s); code / 100 {
	case 4:
		return 2
	case 5:
		return 1
	}
	return 0
}

func (s *session) current() *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tx
}

// Reset forgets the mail under way.
func (s *session) Reset() {
	s.mu.Lock()
	s.tx = nil
	s.mu.Unlock()
}

// Logout ends the session.
func (s *session) Logout() error { return nil }

// reply is a status as go-smtp wants it, marked so that lines finds the text.
func reply(s smsengine.Status) *smtp.SMTPError {
	code, enhanced, text := transport.Reply(s)
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: string(mark) + text}
}

// notify is NOTIFY as a set (RFC 3461 §4.1).
func notify(values []smtp.DSNNotify) smsengine.Notify {
	var n smsengine.Notify
	for _, v := range values {
		switch v {
		case smtp.DSNNotifyNever:
			n |= smsengine.NotifyNever
		case smtp.DSNNotifySuccess:
			n |= smsengine.NotifySuccess
		case smtp.DSNNotifyFailure:
			n |= smsengine.NotifyFailure
		case smtp.DSNNotifyDelayed:
			n |= smsengine.NotifyDelay
		}
	}
	return n
}
