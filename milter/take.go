package milter

import (
	"context"
	"strings"
	"time"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport"
)

// submitTime is how long the Desk may take to store a mail's texts: below the
// content_timeout in contrib/postfix.
const submitTime = 25 * time.Second

// take queues the texts of a mail, and only then has the MTA drop its phones.
//
// A temporary failure is the answer to the whole mail: when it comes again, what
// is queued already is known by its Message-ID. Who was refused although Check
// had said yes (the text is empty, or costs more than is left) hears of it at
// once if nobody else gets the mail. If somebody does, the refused phone stays a
// recipient: the MTA hands it to the transport, which refuses it again, or finds
// that there is none, and sends the sender its own failure notice.
func (s *session) take(m *milter.Modifier) (milter.Response, error) {
	refused, err := s.submit(m)
	if err != nil {
		return nil, err
	}
	if why := s.mail.allRefused(refused); why != nil {
		return nil, why
	}
	if !s.mail.others && len(refused) == 0 && !s.mail.exposed {
		return discard, nil
	}
	// The MTA logs a recipient of a mail that it discards, as the client wrote it;
	// one that has nobody left is dropped without a word.
	return milter.RespContinue, s.drop(m, refused)
}

// allRefused gives why, if nobody gets the mail, neither phone nor mailbox.
func (m *mail) allRefused(refused map[string]*smsengine.Error) error {
	if m.others {
		return nil
	}
	var why error
	for _, r := range m.phones {
		err := refused[r.number]
		if err == nil {
			return nil
		}
		why = err
	}
	return why
}

// drop has the MTA forget the phones that were not refused.
func (s *session) drop(m *milter.Modifier, refused map[string]*smsengine.Error) error {
	for _, r := range s.mail.phones {
		if r.gone {
			continue
		}
		if why := refused[r.number]; why != nil {
			s.Log.Warn("refused phone stays a recipient", "door", "milter", "queue", m.Macros[macroQueue],
				"to", r.number, "code", why.Code, "reason", phone.Redact(why.Text))
			continue
		}
		if err := m.DeleteRecipient(withoutRoute(r.argument)); err != nil {
			return err
		}
	}
	return nil
}

// submit reads the mail and hands it to the Desk. It gives who was refused for
// good, by number; the error is a temporary failure, or one of the mail itself.
func (s *session) submit(m *milter.Modifier) (refused map[string]*smsengine.Error, err error) {
	r := s.read(m)
	if err := r.end(); err != nil {
		return nil, err
	}
	if s.mail.from == "" {
		s.Log.Info("a mail from the null sender is taken", "door", "milter", "queue", m.Macros[macroQueue], "bounces", r.bounces)
		return nil, nil
	}
	refused = make(map[string]*smsengine.Error)
	src := s.mail.source
	src.EnvID = transport.Xtext(parameter(s.mail.parameters, "ENVID"))
	src.Return = smsengine.Return(strings.ToUpper(parameter(s.mail.parameters, "RET")))
	for _, g := range s.mail.groups() {
		src.Identity = g.identity
		if err := s.submitGroup(r.mail, src, g, refused); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// submitGroup submits the texts of one identity.
func (s *session) submitGroup(mail *mailbridge.Received, src smsengine.Source, g group, refused map[string]*smsengine.Error) error {
	var to []smsengine.Recipient
	for _, i := range g.places {
		to = append(to, s.mail.phones[i].Recipient)
	}
	ctx, cancel := context.WithTimeout(context.Background(), submitTime)
	defer cancel()
	for n, o := range mail.Submit(ctx, s.Desk, src, to) {
		if o.Err == nil {
			continue
		}
		if code, _, _ := transport.Reply(o.Err.Status); code/100 != 5 {
			return o.Err
		}
		refused[s.mail.phones[g.places[n]].number] = o.Err
	}
	return nil
}
