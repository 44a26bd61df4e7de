package stage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// identical looks at texts to phones.
func (c Config) identical(_ context.Context, d *smsengine.Draft) error {
	from, tell := d.Message.From, d.Message.From
	if from.IsZero() {
		from, tell = smsengine.Address{Scheme: "account", Value: d.Message.Account}, d.Contact
	}
	limitIdentical(d, from, d.Terms.Identical, tell)
	return nil
}

// limitIdentical charges the draft's message to the counter of its like: the same
// words between the same two addresses in a window of time. What passes the rate
// is dropped, and tell hears of it once. This is what ends the talk of two
// machines that mark their texts as nobody's; it bounds each of its directions.
func limitIdentical(d *smsengine.Draft, from smsengine.Address, rate smsengine.Rate, tell smsengine.Address) {
	m := &d.Message
	if rate.Parts < 1 || d.Preview {
		return
	}
	said := m.Body.Text
	if m.Body.Data != nil || m.Body.UDH != nil {
		said = fmt.Sprintf("%x %x", m.Body.UDH, m.Body.Data)
	}
	sum := sha256.Sum256([]byte(string(from.Scheme) + ":" + from.Value + "\x00" + string(m.To.Scheme) + ":" + m.To.Value + "\x00" + said))
	begin := d.Now.UTC().Truncate(rate.Every)
	c := smsengine.Counter{
		Account: smsengine.IdenticalCounter,
		Period:  "identical " + begin.Format(time.RFC3339) + " " + hex.EncodeToString(sum[:12]), // forgotten like other windows: the space tells
	}
	m.Charges = append(m.Charges, smsengine.Charge{Counter: c, Amount: 1})
	limit := smsengine.Limit{
		Most: rate.Parts,
		Drop: "the same text came more than " + strconv.Itoa(rate.Parts) + " times in " + rate.Window(),
	}
	if !tell.IsZero() {
		limit.Notices = []smsengine.Message{again(d, from, rate, tell, c, begin.Add(rate.Every))}
	}
	if d.Limits == nil {
		d.Limits = smsengine.Limits{}
	}
	d.Limits[c] = limit
}

// again is the mail that tells of it. Its key has the counter in it, so that
// there is one of it.
// It is made for each text, and so of pieces: most are thrown away.
func again(d *smsengine.Draft, from smsengine.Address, rate smsengine.Rate, tell smsengine.Address, c smsengine.Counter, until time.Time) smsengine.Message {
	text := "The same text went from " + from.Value + " to " + d.Message.To.Value + " " + strconv.Itoa(rate.Parts) + " times in " + rate.Window() + ".\n" +
		"Further ones are dropped until " + until.Format("15:04 MST") + ", and you will not hear of each.\n\n" +
		"If two machines are answering each other, stop one of them. If the texts are wanted,\n" +
		"your administrator can allow more of them (the key identical).\n\nThe text was:\n\n" + d.Message.Body.Text + "\n"
	return smsengine.NewNote(tell, "note:"+c.Period, "The same text again and again", text, d.Now)
}
