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
// the gateway: it is the number of parts.
func (c Config) size(_ context.Context, d *smsengine.Draft) error {
	limit := d.Terms.MaxParts
	if v, ok := d.Params.Take("maxmsgs"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return refuse("size", "5.1.3", "maxmsgs must be a number from 1 to 128")
		}
		limit = n
	}
	m := &d.Message
	if d.Preview {
		m.Cost = 1
		return nil
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
	if long, ok := errors.AsType[*sms.TooLongError](err); ok {
		return refuse("size", "5.2.3", fmt.Sprintf("the text needs %d parts, and may have %d: shorten it", long.Parts, long.Max))
	}
	if err != nil {
		return smsengine.Fail("size", smsengine.Permanent, "5.6.0", "the text cannot be sent as SMS", err)
	}
	m.Body.Alphabet, m.Body.National, m.Body.Whole = cut.Alphabet.String(), cut.Language.String(), cut.Whole
	m.Parts = make([]smsengine.Part, len(cut.Parts))
	for i, p := range cut.Parts {
		m.Parts[i] = smsengine.Part{Text: p.Text, UDH: p.UDH}
	}
	m.Cost = len(m.Parts)
	note := fmt.Sprintf("%d part(s), %s, %d units", len(m.Parts), cut.Alphabet, cut.Units)
	if cut.Truncated {
		note += fmt.Sprintf(", cut from %d parts to %d", cut.Whole, limit)
	}
	d.Note(note)
	return nil
}

// reference is the concatenation reference of a message's parts (3GPP TS 23.040
// §9.2.3.24.1): the same for all attempts, other for the next message.
func reference(id smsengine.MessageID) uint16 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return uint16(h.Sum32())
}
