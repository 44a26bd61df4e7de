package milter

import (
	"slices"
	"strings"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport"
)

// mail is what is known of the mail under way.
type mail struct {
	source     smsengine.Source
	from       string // envelope sender, "" for the null sender
	client     string // for presence
	parameters string // of MAIL, NUL-separated

	phones  []recipient
	others  bool // somebody who is no phone is a recipient too
	exposed bool // an address with a secret was a recipient, perhaps a refused one
	pending int  // what the phones cost that Check said yes to

	header    header
	tickets   int    // that the mail brought along
	hasID     bool   // a Message-ID was seen
	messageID string // without angle brackets

	reading *reading // take: the mail on its way in, nil before its header
}

// recipient is a phone that was said yes to.
type recipient struct {
	smsengine.Recipient                    // what the Desk is told: without secrets
	argument            string             // as the client wrote it
	parameters          string             // of RCPT, NUL-separated
	number              string             // normalised
	identity            smsengine.Identity // who may send there; zero for nobody
	secret              bool               // the argument or ORCPT has one
	again               bool               // the number is a recipient already, in another spelling
	gone                bool               // the MTA was told to drop it
}

// newRecipient looks at a phone's address for secrets.
func newRecipient(p *phone.Parser, argument, parameters string, r phone.Recipient) recipient {
	clean, secret := mailbridge.Clean(p, argument)
	originally, also := publicOriginal(p, transport.Original(parameter(parameters, "ORCPT")))
	return recipient{
		Recipient: smsengine.Recipient{Address: clean, ORCPT: originally, Notify: notify(parameter(parameters, "NOTIFY"))},
		argument:  argument, parameters: parameters, number: r.Number, secret: secret || also,
	}
}

// expose notes the secrets of a recipient: they may be in the header too.
func (m *mail) expose(argument string, r phone.Recipient) {
	m.exposed = m.exposed || phone.Redact(argument) != argument
	for _, secret := range []phone.Secret{r.Password, r.Key} {
		if !secret.Empty() {
			m.header.known = append(m.header.known, secret.Reveal())
		}
	}
}

// wanted reports whether there is something to do at the end of the mail. A bounce
// to phones is not: the transport drops it.
func (m *mail) wanted(mode Mode) bool {
	return m.exposed || len(m.phones) > 0 && (mode == Take || m.from != "")
}

// has reports whether the number is a recipient already, in whatever spelling.
func (m *mail) has(number string) bool {
	for _, r := range m.phones {
		if r.number == number {
			return true
		}
	}
	return false
}

// group is the recipients, by their places, whom one identity sends to.
type group struct {
	identity smsengine.Identity
	places   []int
}

// groups says who sends to whom, each number once; a bounce is from nobody.
func (m *mail) groups() []group {
	var all []group
next:
	for i, r := range m.phones {
		if r.again || m.from == "" {
			continue
		}
		for g := range all {
			if all[g].identity == r.identity {
				all[g].places = append(all[g].places, i)
				continue next
			}
		}
		all = append(all, group{r.identity, []int{i}})
	}
	return all
}

// crowded reports whether the mail has as many identities as it may have, and not
// this one among them.
func (m *mail) crowded(id smsengine.Identity) bool {
	all := m.groups()
	return len(all) >= mailbridge.MaxTickets && !slices.ContainsFunc(all, func(g group) bool { return g.identity == id })
}

// header is what is to be changed in a mail's header.
type header struct {
	known   []string       // secrets that it may hold
	places  map[string]int // fields so far, by name in lower case
	changes []change
}

// change is a new value for a field: the one in that place among those of its
// name, from 1.
type change struct {
	name, value string
	place       int
}

// field takes a field in.
func (h *header) field(p *phone.Parser, name, value string) {
	if h.places == nil {
		h.places = make(map[string]int)
	}
	key := strings.ToLower(name)
	h.places[key]++
	s := mailbridge.Scrubber{Phones: p, Known: h.known}
	if scrubbed, changed := s.Field(name, value); changed {
		h.changes = append(h.changes, change{name, scrubbed, h.places[key]})
	}
}
