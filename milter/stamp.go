package milter

import (
	"encoding/binary"
	"strings"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
)

// finish does what is to be done at the end of a mail. The error, if there is
// one, is the answer to the mail.
func (s *session) finish(m *milter.Modifier) (answer milter.Response, err error) {
	defer s.fault(&err)
	if err := s.stamp(m); err != nil {
		return nil, err
	}
	if s.Mode != Take || len(s.mail.phones) == 0 {
		return milter.RespContinue, nil
	}
	// A mail that we take has its tickets too, and has them before it is taken: if
	// we die in between, Postfix goes on with the mail as far as it was changed, and
	// the transport finds out that its texts are there already.
	if err := s.conn.Flush(); err != nil {
		return nil, err
	}
	return s.take(m)
}

// stamp makes the mail fit for whoever gets it: our tickets in it and no others,
// no secret in its header nor in its envelope.
func (s *session) stamp(m *milter.Modifier) error {
	for i := s.mail.tickets; i > 0; i-- { // the last one first, so that the places of the others stay
		if err := m.ChangeHeader(i, mailbridge.TicketHeader, ""); err != nil {
			return err
		}
	}
	if s.mail.tickets > 0 {
		s.Log.Warn("removed tickets that a mail brought along", "door", "milter",
			"count", s.mail.tickets, "peer", s.mail.source.Identity.Peer)
	}
	for _, c := range s.mail.header.changes {
		if err := m.ChangeHeader(c.place, c.name, c.value); err != nil {
			return err
		}
	}
	for _, g := range s.mail.groups() {
		if g.identity.Method == "" {
			continue // said yes to, and nobody to vouch for
		}
		if err := s.seal(m, g); err != nil {
			return err
		}
	}
	return s.clean(m)
}

// seal adds the ticket of one identity.
func (s *session) seal(m *milter.Modifier, g group) error {
	t := mailbridge.Ticket{
		Method: g.identity.Method, User: g.identity.User, Key: g.identity.Key, Peer: g.identity.Peer,
		Sender: s.mail.from, MessageID: s.mail.messageID, Issued: s.Now(),
	}
	for _, i := range g.places {
		t.Numbers = append(t.Numbers, s.mail.phones[i].number)
	}
	value, err := s.Tickets.Seal(t)
	if err != nil {
		return err
	}
	return m.AddHeader(mailbridge.TicketHeader, value)
}

// clean replaces each recipient that has a secret by one that has none; the
// ticket vouches for it. A number that is a recipient in another spelling needs
// no replacement.
func (s *session) clean(m *milter.Modifier) error {
	stands := map[string]bool{}
	for _, r := range s.mail.phones {
		if !r.secret {
			stands[r.number] = true
		}
	}
	for i := range s.mail.phones {
		r := &s.mail.phones[i]
		if !r.secret {
			continue
		}
		if err := m.DeleteRecipient(withoutRoute(r.argument)); err != nil {
			return err
		}
		r.gone = true
		if stands[r.number] {
			continue
		}
		stands[r.number] = true
		if err := s.add(*r); err != nil {
			return err
		}
		r.gone, r.argument = false, quoted(r.Address)
	}
	return nil
}

// add adds the recipient without its secrets. ORCPT is always given: the MTA
// would make one of the address that the client wrote.
func (s *session) add(r recipient) error {
	original := r.ORCPT
	if original == "" {
		original = "rfc822;" + r.Address
	}
	parameters := orcpt(original)
	if n := parameter(r.parameters, "NOTIFY"); n != "" {
		parameters = "NOTIFY=" + n + " " + parameters
	}
	return s.frame(actAddParameters, "<"+quoted(r.Address)+">", parameters)
}

// actAddParameters is SMFIR_ADDRCPT_PAR, which go-milter does not know.
const actAddParameters = '2'

// frame writes an action with strings, each ended by NUL.
func (s *session) frame(action byte, fields ...string) error {
	data := string(action) + strings.Join(fields, "\x00") + "\x00"
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	_, err := s.conn.Write(append(frame, data...))
	return err
}
