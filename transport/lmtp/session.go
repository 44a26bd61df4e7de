package lmtp

import (
	"context"
	"io"
	"net/netip"
	"sync"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport"
	"github.com/postel-mail/postel/transport/lmtp/smarthost"
)

// session is one connection's conversation. go-smtp runs the end of a BDAT mail
// in a goroutine of its own and may reset the session meanwhile, hence the lock.
type session struct {
	*Server
	conn   *lines
	helo   func() string // what the client calls itself
	ip     netip.Addr    // zero on a unix socket
	peer   string
	near   bool // the peer is on this machine: a unix socket or a loopback address
	local  bool // the peer's word is taken without a ticket
	client bool // the peer's address is its identity

	login    smsengine.Identity // since AUTH
	failures int                // of AUTH

	mu sync.Mutex
	tx *transaction
}

// transaction is a mail on its way in.
type transaction struct {
	source     smsengine.Source
	from       string // envelope sender, "" for the null sender
	opts       smtp.MailOptions
	path       string // the sender as the client wrote it
	recipients []recipient
	pending    int                 // cost of the recipients that Check said yes to
	onward     *smarthost.Transfer // to recipients that are no phones; nil: there are none so far
	others     int                 // those recipients
	secrets    []string            // that stand in the addresses of the phones
}

// recipient is a phone that was answered with 250.
type recipient struct {
	smsengine.Recipient
	argument string // as go-smtp knows it
	number   string // normalised
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	conn := c.Conn().(*lines)
	ip := remote(conn)
	n := &session{
		Server: s, conn: conn, helo: c.Hostname,
		ip: ip, peer: conn.RemoteAddr().String(), near: !ip.IsValid() || ip.IsLoopback(),
		local: s.Trusted || contains(s.Networks, ip), client: contains(s.Clients, ip),
	}
	if ip.IsValid() {
		n.peer = ip.String()
	}
	if n.local || n.client {
		conn.loggedIn()
	}
	return n, nil
}

func contains(networks []netip.Prefix, ip netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

// identity is who sends, as far as it is known before the mail.
func (s *session) identity(from string) smsengine.Identity {
	id := smsengine.Identity{Peer: s.peer, Secure: s.conn.secure.done}
	switch {
	case s.login.Method != "":
		id.Method, id.User, id.Key = s.login.Method, s.login.User, s.login.Key
	case s.local:
		id.Method, id.User = smsengine.MethodTrusted, from
	case s.client:
		id.Method = smsengine.MethodClient
	}
	return id
}

// Mail begins a transaction.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if s.current() != nil {
		return replyWith(503, 5, 5, 1, "another mail is under way") // RFC 5321 §4.1.4
	}
	id := s.identity(from)
	if s.Authenticator != nil && id.Method == "" {
		if !s.mayLogIn() {
			return replyWith(530, 5, 7, 0, "say STARTTLS and log in first")
		}
		return replyWith(530, 5, 7, 0, "log in first")
	}
	tx := &transaction{from: from, opts: *opts, path: quotePath(s.conn.path), source: smsengine.Source{
		Door: s.door, Received: s.Now(), Sender: smsengine.Mailbox(phone.Redact(from)),
		EnvID: opts.EnvelopeID, Return: smsengine.Return(opts.Return), Identity: id,
	}}
	s.mu.Lock()
	s.tx = tx
	s.mu.Unlock()
	return nil
}

// Rcpt takes a recipient if it is a phone, or if other mail is relayed for who
// sends it. Whether somebody may send to a phone is known here if it is known
// who that is, or if the address says so; else the mail's header tells, and the
// answer to DATA says what came of it.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	tx := s.current()
	if tx == nil {
		return errNoMail
	}
	r := smsengine.Recipient{Address: s.conn.path, ORCPT: s.conn.original, Notify: notify(opts.Notify)}
	number, isPhone, err := s.Phones.Parse(r.Address)
	switch {
	case !isPhone && s.mayRelay():
		return s.relay(tx, opts)
	case !isPhone:
		return reply(s.notAPhone())
	case err != nil && tx.from != "": // bounces come to senders who have no number, too
		return reply(transport.StatusOf(err))
	}
	if err := s.check(tx, r, number); err != nil {
		return err
	}
	tx.recipients = append(tx.recipients, recipient{r, to, number.Number})
	for _, secret := range []phone.Secret{number.Password, number.Key} {
		if !secret.Empty() {
			tx.secrets = append(tx.secrets, secret.Reveal())
		}
	}
	return nil
}

// check asks the Desk about a phone, if there is anything to go by. A phone that
// was named before, in another spelling perhaps, costs nothing more. The null
// sender's mail comes to nothing anyway (see smsengine.MailKind).
func (s *session) check(tx *transaction, r smsengine.Recipient, number phone.Recipient) error {
	repeated := tx.has(number.Number)
	credentials := number.User != "" || !number.Password.Empty() || !number.Key.Empty()
	if tx.from == "" || !credentials && (tx.source.Identity.Method == "" || repeated) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	verdict, err := s.Desk.Check(ctx, &tx.source, r, tx.pending)
	if err != nil {
		return reply(transport.StatusOf(err))
	}
	if !repeated {
		tx.pending += verdict.Cost
	}
	return nil
}

// notAPhone refuses other mail: an address that does not exist, in the eyes of a
// mail server; relaying, in the eyes of a mail client.
func (s *session) notAPhone() smsengine.Status {
	if s.Authenticator != nil {
		return smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1", Text: "this server relays to phones only"}
	}
	return smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "not a phone number; this server relays to phones only"}
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

// Data is LMTPData for SMTP, where there is one answer for all recipients.
func (s *session) Data(r io.Reader) error {
	tx := s.current()
	if tx == nil {
		return errNoMail
	}
	if tx.others > 0 {
		return s.forward(tx, s.takeOnward(tx), r)
	}
	answers, err := s.deliver(tx, r)
	if err != nil {
		return err
	}
	return reply(worst(answers))
}

// worst is the one answer for several recipients: the temporary failure if there
// is one, since those that went well are known when the mail comes again; else
// the permanent one, for somebody must hear of it.
func worst(answers []smsengine.Status) smsengine.Status {
	found := answers[0]
	for _, a := range answers[1:] {
		if rank(a) > rank(found) {
			found = a
		}
	}
	return found
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
	tx := s.tx
	s.tx = nil
	s.mu.Unlock()
	if tx == nil {
		return
	}
	if onward := s.takeOnward(tx); onward != nil {
		onward.Close()
	}
}

// Logout ends the session.
func (s *session) Logout() error {
	s.Reset()
	return nil
}

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
