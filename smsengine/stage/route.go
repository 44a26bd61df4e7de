package stage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// route lists the gateways that may take the message, in ranks; which one does is
// decided when it is claimed. It also says until when they may.
//
// A rule's choice goes before the id in the address, that before the gateway of
// the account, and that before the table of all gateways. The first three name
// one gateway, with which the message stays, but for the gateway's own fallback.
func (c Config) route(ctx context.Context, d *smsengine.Draft) error {
	if d.MayMove {
		return nil // to which number it goes a rule says when the text is there
	}
	ch := &choice{Config: c, d: d}
	id, by, err := c.pinned(d)
	switch {
	case err != nil:
		return err
	case id != "":
		ch.stayWith(id)
	case len(d.Chosen) > 0:
		by = "by a rule"
		d.Message.Route = d.Chosen.Keep(func(id string) bool { return slices.Contains(c.Phones, id) })
		if len(d.Message.Route) == 0 {
			return smsengine.Fail("route", smsengine.Temporary, "4.3.5", "the gateways that a rule names are not there now", nil)
		}
		ch.keep(ch.carries)
	case len(c.Phones) == 0:
		return smsengine.Fail("route", smsengine.Temporary, "4.3.5", "no gateway to the telephone network is configured", nil)
	default:
		ch.leastCost()
	}
	if err := ch.withoutStopped(ctx); err != nil {
		return err
	}
	if id == "" {
		if err := ch.unambiguous(ctx); err != nil {
			return err
		}
	}
	if len(d.Message.Route) == 0 {
		return ch.none()
	}
	if err := c.life(d); err != nil {
		return err
	}
	d.Message.Body.Params = d.Params
	d.Note(ch.note(by))
	return nil
}

// pinned gives the one gateway that is asked for, and by whom; "" if none is.
func (c Config) pinned(d *smsengine.Draft) (id, by string, err error) {
	asked, ok := d.Params.Take("id")
	switch {
	case len(d.Chosen) > 0:
		return "", "", nil
	case d.Gateway != "":
		if !slices.Contains(c.Phones, d.Gateway) {
			err = smsengine.Fail("route", smsengine.Temporary, "4.3.5", "the gateway that a rule names is not there now", nil)
		}
		return d.Gateway, "by a rule", err
	case ok:
		if !slices.Contains(c.Phones, asked) {
			err = noGateway()
		}
		return asked, "by its id", err
	case d.Terms.Gateway != "":
		if !slices.Contains(c.Phones, d.Terms.Gateway) {
			err = smsengine.Fail("route", smsengine.Temporary, "4.3.5", "the gateway of this account is not there now", nil)
		}
		return d.Terms.Gateway, "by the account", err
	}
	return "", "", nil
}

func noGateway() error { return refuse("route", "5.1.3", "the id in the address names no gateway") }

// life says until when the message is tried, and when a delay is reported.
func (c Config) life(d *smsengine.Draft) error {
	m, life := &d.Message, c.Expiry
	if v, ok := d.Params.Take("validity"); ok {
		minutes, err := strconv.Atoi(v)
		if err != nil || minutes < 1 {
			return refuse("route", "5.1.3", "validity must be a number of minutes")
		}
		life = min(life, time.Duration(minutes)*time.Minute)
	}
	if f := m.Body.Fallback; f != nil && f.After > 0 {
		life = min(life, f.After)
	}
	from := d.Now
	if m.Next.After(from) {
		from = m.Next // a text for later has its time from then on
	}
	m.Expires = from.Add(life)
	if c.Warn > 0 && c.Warn < life {
		m.Warn = from.Add(c.Warn)
	}
	return nil
}

// note says which gateways there are, with what they cost where that decided,
// until when, and why each of the others was passed over.
func (ch *choice) note(by string) string {
	m := &ch.d.Message
	var b strings.Builder
	for _, word := range strings.Fields(m.Route.String()) {
		b.WriteString(word)
		if p, priced := ch.costs[word]; priced {
			b.WriteString(" (" + p.String() + ")")
		}
		b.WriteByte(' ')
	}
	if by != "" {
		b.WriteString(by + " ")
	}
	b.WriteString("until " + m.Expires.Format(time.RFC3339))
	for _, p := range ch.passed {
		b.WriteString("; not " + p.id + ": " + p.why)
	}
	return b.String()
}
