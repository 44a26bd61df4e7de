package stage

import (
	"context"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// watch notes which webhooks hear what becomes of a text, and calls those that
// hear of texts from phones.
func watch(ctx context.Context, d *smsengine.Draft) error {
	some := smsengine.AllOccasions &^ smsengine.OnReceived
	if d.Message.Kind == smsengine.Incoming {
		some = smsengine.OnReceived
	}
	all, err := watching(ctx, d, some)
	if err != nil || len(all) == 0 {
		return err
	}
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.Webhook
	}
	d.Note("heard by the webhooks " + strings.Join(names, ", "))
	if some == smsengine.OnReceived {
		return call(ctx, d, some)
	}
	d.Message.Watch = all
	return nil
}

// call calls the webhooks that hear of an occasion which is there already.
func call(ctx context.Context, d *smsengine.Draft, on smsengine.Occasions) error {
	all, err := watching(ctx, d, on)
	for _, w := range all {
		d.Notices = append(d.Notices, smsengine.NewCall(w.Webhook, d.Message, on, d.Now))
	}
	return err
}

// watching gives the webhooks that hear of some occasions.
func watching(ctx context.Context, d *smsengine.Draft, some smsengine.Occasions) ([]smsengine.Watch, error) {
	if d.Preview || d.Facts == nil {
		return nil, nil
	}
	dir, err := d.Facts.Directory(ctx)
	if err != nil {
		return nil, err
	}
	return dir.Watching(d.Message.Account, some), nil
}
