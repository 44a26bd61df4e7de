package stage

import (
	"context"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// destination looks whether the terms let a text go to the number. Short codes
// that the site lists are for everybody.
func (c Config) destination(_ context.Context, d *smsengine.Draft) error {
	if d.MayMove {
		return nil // which number it is a rule says when the text is there
	}
	number := d.Message.To.Value
	if c.Parser.Lists(number) {
		return nil
	}
	where := c.Parser.Destination(number)
	unusual, err := account.Destination(d.Terms, number, where)
	if err != nil {
		return err
	}
	d.Unusual = unusual
	if where.Country != "" {
		d.Note(where.Country)
	}
	return nil
}
