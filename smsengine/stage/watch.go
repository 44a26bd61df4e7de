package stage

import (
	"context"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// watch notes which webhooks hear what becomes of a text, and calls those that
// hear of texts from phones.
func watch(ctx context.Context, d *smsengine.Draft) error {
	if d.Preview || d.Facts == nil {
		return nil
	}
	dir, err := d.Facts.Directory(ctx)
	if err != nil {
		return err
	}
	m, of := &d.Message, smsengine.AllOccasions&^smsengine.OnReceived
	if m.Kind == smsengine.Incoming {
		of = smsengine.OnReceived
	}
	all := dir.Watching(m.Account, of)
	var names []string
	for _, w := range all {
		names = append(names, w.Webhook)
		if m.Kind == smsengine.Incoming {
			d.Notices = append(d.Notices, smsengine.NewCall(w.Webhook, *m, smsengine.OnReceived, d.Now))
		}
	}
	if len(names) > 0 {
		d.Note("heard by the webhooks " + strings.Join(names, ", "))
	}
	if m.Kind == smsengine.Text {
		m.Watch = all
	}
	return nil
}
