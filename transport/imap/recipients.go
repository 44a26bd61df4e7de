package imap

import (
	"strings"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// maxRecipients bounds the phones of one mail.
const maxRecipients = 1000

// recipientFields name the recipients of a mail: the author's own word, and what
// mail servers note of the envelope, which tells of a Bcc.
var recipientFields = []string{
	"To", "Cc", "Bcc",
	"Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To",
}

// phonesOf gives the phones among the recipients, each number once, those that
// are malformed too. Of two spellings the one with credentials counts. tooMany
// says that there are more.
func phonesOf(p *phone.Parser, h mailbridge.Header) (phones []smsengine.Recipient, tooMany bool) {
	places := map[string]int{}
	for _, written := range h.Addresses(recipientFields...) {
		addr, r, ok := phoneIn(p, written)
		if !ok {
			continue
		}
		key := r.Number
		if key == "" {
			key = addr
		}
		place, known := places[key]
		switch {
		case !known && len(phones) == maxRecipients:
			return phones, true
		case !known:
			places[key] = len(phones)
			phones = append(phones, smsengine.Recipient{Address: addr})
		case credentials(r) && !credentials(first(p, phones[place])):
			phones[place].Address = addr
		}
	}
	return phones, false
}

func credentials(r phone.Recipient) bool {
	return r.User != "" || !r.Password.Empty() || !r.Key.Empty()
}

func first(p *phone.Parser, r smsengine.Recipient) phone.Recipient {
	known, _, _ := p.Parse(r.Address)
	return known
}

// phoneIn reads an address of a list, perhaps behind the name of a group.
func phoneIn(p *phone.Parser, written string) (addr string, r phone.Recipient, ok bool) {
	if !strings.Contains(written, "@") {
		return "", r, false
	}
	r, ok, err := p.Parse(written)
	if ok && err == nil {
		return written, r, true
	}
	if _, member, grouped := strings.Cut(written, ":"); grouped {
		member = strings.TrimSpace(member)
		if m, isPhone, err := p.Parse(member); isPhone && (err == nil || !ok) {
			return member, m, true
		}
	}
	return written, r, ok
}
