package lmtp

import (
	"cmp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// maxTickets bounds how many tickets of a mail are tried. The milter leaves one
// for each identity among the recipients.
const maxTickets = 16

// group is the recipients, by their places, that one identity sends to.
type group struct {
	identity smsengine.Identity
	places   []int
}

// groups says who sends to whom: the tickets of the mail tell, and to those that
// no ticket covers, who else is known to have sent it. The groups stand in the
// order of their first recipients.
func (s *session) groups(m mailbridge.Mail, tx *transaction) []group {
	tickets := s.open(m)
	rest := tx.source.Identity
	if rest.Method == "" {
		rest = s.localUser(m, rest)
	}
	var all []group
	for i, r := range tx.recipients {
		id := rest
		if t, ok := covering(tickets, tx.from, m.MessageID, r.number); ok {
			id = t.Identity()
			id.Peer = cmp.Or(id.Peer, s.peer)
		} else if len(tickets) > 0 {
			s.Log.Warn("no ticket is for this recipient", "peer", s.peer, "mail", m.MessageID, "to", phone.Redact(r.number))
		}
		all = join(all, id, i)
	}
	return all
}

func join(all []group, id smsengine.Identity, place int) []group {
	for i := range all {
		if all[i].identity == id {
			all[i].places = append(all[i].places, place)
			return all
		}
	}
	return append(all, group{id, []int{place}})
}

// covering gives the first ticket that is for the mail and the number.
func covering(tickets []mailbridge.Ticket, from, messageID, number string) (mailbridge.Ticket, bool) {
	for _, t := range tickets {
		if t.Covers(from, messageID, number) == nil {
			return t, true
		}
	}
	return mailbridge.Ticket{}, false
}

// open opens the tickets of the mail that can be opened.
func (s *session) open(m mailbridge.Mail) (tickets []mailbridge.Ticket) {
	if s.Tickets == nil {
		return nil
	}
	for i, v := range m.Header.Values(mailbridge.TicketHeader) {
		if i == maxTickets {
			break
		}
		t, err := s.Tickets.Open(v, s.Now())
		if err != nil {
			s.Log.Info("ticket that is not valid", "peer", s.peer, "mail", m.MessageID, "err", err)
			continue
		}
		tickets = append(tickets, t)
	}
	return tickets
}
