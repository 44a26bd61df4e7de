package deed

import (
	"context"
	"iter"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Texts is as much of a [smsengine.Store] as a digest needs.
type Texts interface {
	List(ctx context.Context, f smsengine.Filter) ([]smsengine.Message, error)
	Accept(ctx context.Context, in smsengine.Intake) ([]smsengine.AcceptedMessage, error)
}

// digest makes one text of those that were gathered, and stores it. It gathers
// nothing any more, so the text would be the same each time; and it has the same
// key, so there is one of it, however often this is done.
func (g *Gateway) digest(ctx context.Context, d smsengine.Delivery, by rule.Digest) (said string, err error) {
	var failed error
	m, err := g.o.Digest(ctx, d, by, g.gathered(ctx, d.Message.ID, &failed))
	if failed != nil {
		return "", failed
	}
	if err != nil {
		return "", err
	}
	as, err := g.o.Texts.Accept(ctx, smsengine.Intake{Source: d.Source, Messages: []smsengine.Message{m}})
	if err != nil {
		return "", err
	}
	if as[0].Err != nil {
		return "", as[0].Err
	}
	return string(as[0].ID), nil
}

// page is how many texts are looked at together.
const page = 500

// gathered gives the texts about a digest that it gathered, oldest first. The text
// that tells of them is about it, too, if it was made before.
func (g *Gateway) gathered(ctx context.Context, digest smsengine.MessageID, failed *error) iter.Seq[smsengine.Message] {
	return func(yield func(smsengine.Message) bool) {
		f := smsengine.Filter{About: digest, Kind: smsengine.Text, Oldest: true, Limit: page}
		for {
			ms, err := g.o.Texts.List(ctx, f)
			if err != nil {
				*failed = err
				return
			}
			for _, m := range ms {
				if m.Gathered() && !yield(m) {
					return
				}
			}
			if len(ms) < page {
				return
			}
			f.After = ms[len(ms)-1].ID
		}
	}
}
