package stage

import (
	"cmp"
	"context"
	"errors"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// normalise reads the address. Two spellings of a number become one recipient
// here. Credentials stay in the draft: they are in no field of the message.
func (c Config) normalise(_ context.Context, d *smsengine.Draft) error {
	m := &d.Message
	m.Original = phone.Redact(cmp.Or(d.Recipient.ORCPT, d.Recipient.Address))
	r, isPhone, err := c.Parser.Parse(d.Recipient.Address)
	if bad, ok := errors.AsType[*phone.Error](err); ok {
		return refuse("normalise", bad.Code, bad.Text)
	}
	if err != nil {
		return err
	}
	if !isPhone {
		return refuse("normalise", "5.1.1", "not a phone address; Postel takes mail for phones only")
	}
	m.To = smsengine.Phone(r.Number)
	for _, p := range r.Params {
		d.Params = append(d.Params, smsengine.Param{Name: p.Name, Value: p.Value})
	}
	d.Credentials = smsengine.NewCredentials(r.UserCandidates(), r.Password.Reveal(), r.Key.Reveal())
	d.Params.Take("authenticated") // from outside it is never believed
	if v, ok := d.Params.Take("binary"); ok && v != "0" {
		return refuse("normalise", "5.6.1", "binary messages cannot be sent from mail; leave binary out of the address")
	}
	m.Body.Flash = r.Flash()
	d.Params.Take("flash")
	d.Note(r.Number)
	return nil
}
