package stage

import (
	"context"
	"errors"

	"github.com/postel-mail/postel/smsengine"
)

// answer delivers to the sender of the text that this one answers, if one live
// link says who that is.
func (c Config) answer(ctx context.Context, d *smsengine.Draft) error {
	links, err := d.Facts.Links(ctx, d.Set.To, d.Set.From, d.Now)
	if err != nil || len(links) != 1 {
		return err
	}
	link := links[0]
	d.Message.To, d.Message.About = link.Sender, link.Message
	d.Message.Route = []string{smsengine.MailGateway}
	d.Note("answers " + string(link.Message))

	asked, err := d.Facts.Message(ctx, link.Message)
	if err == nil {
		var src smsengine.Source
		src, err = d.Facts.Source(ctx, asked.Source)
		d.Message.Body.Received.Thread = smsengine.Thread{
			InReplyTo: src.MessageID, References: src.References, Subject: src.Subject,
		}
	}
	if errors.Is(err, smsengine.ErrNotFound) { // forgotten: the answer stands alone
		return nil
	}
	return err
}
