package smsengine

import (
	"context"
	"errors"
	"fmt"
)

// CallAgain makes a call anew that a webhook never took: one that failed, or whose
// time ran out. It tells the same, at the same time of its own, for as long as a
// new one. A call that is made anew twice is one new call, whose ID is given each
// time, and isNew the first time only. by is who asks.
//
// ErrNotFound if there is no such call, or its webhook is gone; ErrTransition if
// it waits, or came through.
func (e *Engine) CallAgain(ctx context.Context, id MessageID, by string) (again MessageID, isNew bool, err error) {
	m, err := e.cfg.Store.Message(ctx, id)
	if err != nil {
		return "", false, err
	}
	if m.Kind != Call {
		return "", false, ErrNotFound
	}
	w, err := e.webhook(ctx, m.To.Value)
	if err != nil {
		return "", false, err
	}
	if !w.Hears(m.Account) { // another one, of the same name
		return "", false, errNoWebhook
	}
	if m.State != Failed && m.State != Expired {
		return "", false, fmt.Errorf("call %s is %s: %w", id, m.State, ErrTransition)
	}
	src, err := e.cfg.Store.Source(ctx, m.Source)
	if err != nil {
		return "", false, err
	}
	accepted, err := e.cfg.Store.Accept(ctx, Intake{Source: src, Messages: []Message{m.again(e)}})
	if err != nil {
		return "", false, err
	}
	again, isNew = accepted[0].ID, !accepted[0].Duplicate
	if isNew {
		e.log.Info("called again", "message", again, "first", id, "about", m.About, "to", m.To, "by", by)
	}
	return again, isNew, nil
}

// again is the call that is made in place of one that was given up.
func (m Message) again(e *Engine) Message {
	now := e.now()
	return Message{
		Key: againKey(m.ID), Kind: Call, About: m.About, Account: m.Account, From: m.From, To: m.To,
		Body: m.Body, Notify: NotifyNever, Created: now, Expires: now.Add(CallLife),
		Route: Over(WebhookGateway), State: Ready, Next: now, Parts: []Part{{}},
	}
}

func againKey(id MessageID) string { return "again:" + string(id) }

// Again gives the call that was made in place of one; ErrNotFound if none was.
func Again(ctx context.Context, f Known, id MessageID) (MessageID, error) {
	return f.Known(ctx, againKey(id))
}

// Known is as much of [Facts] as [Again] looks at.
type Known interface {
	Known(ctx context.Context, key string) (MessageID, error)
}

// GivenUp are the states of calls that can be made anew.
func GivenUp() []State { return []State{Failed, Expired} }

// AllAgain makes all calls of a webhook anew that it never took, oldest first, up
// to a number of new ones. It gives how many there were, and whether there may be
// more. ErrNotFound if there is no such webhook.
func (e *Engine) AllAgain(ctx context.Context, webhook, by string, most int) (n int, more bool, err error) {
	w, err := e.webhook(ctx, webhook)
	if err != nil {
		return 0, false, err
	}
	const page = 200
	f := Filter{ // Until: those that fail once more meanwhile are left for the next time
		Kind: Call, Address: w.Address(), Account: w.Account, States: GivenUp(), Until: e.now(), Oldest: true, Limit: page,
	}
	for {
		calls, err := e.cfg.Store.List(ctx, f)
		if err != nil {
			return n, false, err
		}
		for _, c := range calls {
			if n == most {
				return n, true, nil
			}
			isNew, err := e.callOnceMore(ctx, c.ID, by)
			if err != nil {
				return n, false, err
			}
			if isNew {
				n++
			}
		}
		if len(calls) < page {
			return n, false, nil
		}
		f.After = calls[len(calls)-1].ID
	}
}

// callOnceMore makes a call anew, unless it was before: most of a long list were.
func (e *Engine) callOnceMore(ctx context.Context, id MessageID, by string) (bool, error) {
	if _, err := Again(ctx, e.cfg.Store, id); !errors.Is(err, ErrNotFound) {
		return false, err
	}
	_, isNew, err := e.CallAgain(ctx, id, by)
	return isNew, err
}

// webhook gives a webhook by its name.
func (e *Engine) webhook(ctx context.Context, name string) (Webhook, error) {
	dir, err := e.cfg.Store.Directory(ctx)
	if err != nil {
		return Webhook{}, err
	}
	w, there := dir.Webhook(name)
	if !there {
		return w, errNoWebhook
	}
	return w, nil
}

var errNoWebhook = Fail("webhook", Permanent, "5.1.0", "there is no such webhook (any more)", ErrNotFound)
