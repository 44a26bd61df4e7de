package stage

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// size cuts the text into parts. What a message costs is fixed here, whatever
// the gateway: it is the number of parts. maxmsgs goes before the terms of site
// and domain, which are a default, and not before the account's own limit.
func (c Config) size(_ context.Context, d *smsengine.Draft) error {
	limit := d.Terms.MaxParts
	if v, ok := d.Params.Take("maxmsgs"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return refuse("size", "5.1.3", "maxmsgs must be a number from 1 to 128")
		}
		limit = n
		if own := d.Terms.OwnParts; own > 0 {
			limit = min(limit, own)
		}
	}
	m := &d.Message
	if d.Preview {
		m.Cost = 1
		return nil
	}
	if m.Body.Alphabet == sms.Binary.String() {
		return c.octets(d, limit)
	}
	if strings.TrimSpace(m.Body.Text) == "" {
		return refuse("size", "5.6.0", "the mail has no text to send")
	}
	languages, err := sms.ParseLanguages(d.Terms.NationalTables)
	if err != nil {
		return smsengine.Fail("size", smsengine.Temporary, "4.3.5", "the policy of this account has a mistake in it", err)
	}
	cut, err := sms.SplitText(m.Body.Text, sms.Options{
		MaxParts: limit, Ref: reference(m.ID), Cut: d.Terms.TooLong != "refuse",
		Languages: languages, Transliterate: d.Terms.Transliterate, Ref16: c.WideReferences,
	})
	if err != nil {
		return unfit(err)
	}
	m.Body.Alphabet, m.Body.National, m.Body.Whole = cut.Alphabet.String(), cut.Language.String(), cut.Whole
	inParts(m, cut)
	note := fmt.Sprintf("%d part(s), %s, %d units", len(m.Parts), cut.Alphabet, cut.Units)
	if cut.Truncated {
		note += fmt.Sprintf(", cut from %d parts to %d", cut.Whole, limit)
	}
	d.Note(note)
	return nil
}

// octets cuts binary data into parts.
func (c Config) octets(d *smsengine.Draft, limit int) error {
	m := &d.Message
	if len(m.Body.Data)+len(m.Body.UDH) == 0 {
		return refuse("size", "5.6.0", "the binary message is empty")
	}
	var udh []byte
	if len(m.Body.UDH) > 0 {
		var err error
		if udh, err = sms.Header(m.Body.UDH); err != nil {
			return smsengine.Fail("size", smsengine.Permanent, "5.6.1",
				"udh is no user data header: it is made of information elements, without the octet for the length of all", err)
		}
	}
	cut, err := sms.SplitBinary(m.Body.Data, udh, sms.Options{MaxParts: limit, Ref: reference(m.ID), Ref16: c.WideReferences})
	if err != nil {
		return unfit(err)
	}
	inParts(m, cut)
	d.Note(fmt.Sprintf("%d part(s), binary, %d octets", len(m.Parts), len(m.Body.Data)))
	return nil
}

// inParts gives the message its parts, and what they cost.
func inParts(m *smsengine.Message, cut sms.Split) {
	m.Parts = make([]smsengine.Part, len(cut.Parts))
	for i, p := range cut.Parts {
		m.Parts[i] = smsengine.Part{Text: p.Text, Data: p.Data, UDH: p.UDH}
	}
	m.Cost = len(m.Parts)
}

// unfit is a refusal of what cannot be cut.
func unfit(err error) error {
	if long, ok := errors.AsType[*sms.TooLongError](err); ok {
		return refuse("size", "5.2.3", fmt.Sprintf("the text needs %d parts, and may have %d: shorten it", long.Parts, long.Max))
	}
	return smsengine.Fail("size", smsengine.Permanent, "5.6.0", "the text cannot be sent as SMS", err)
}

// reference is the concatenation reference of a message's parts (3GPP TS 23.040
// §9.2.3.24.1): the same for all attempts, other for the next message.
func reference(id smsengine.MessageID) uint16 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return uint16(h.Sum32())
}
