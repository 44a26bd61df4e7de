package stage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/sms"
)

// digest has a text gathered, if a rule wants it and too many go to its phone. It
// only says when: the Store counts, in the transaction that stores the text.
//
// The counter is the first that the text is charged to: what is gathered is not held
// against any other limit.
func (c Config) digest(ctx context.Context, d *smsengine.Draft) error {
	by, m := d.Digest, &d.Message
	if by == nil || d.Preview || m.Body.Alphabet == sms.Binary.String() {
		return nil
	}
	begin := m.Next.UTC().Truncate(by.Within) // of the window in which it would go
	end := begin.Add(by.Within)
	effect, err := rule.MarshalEffect(rule.Digest{Rule: by.Rule, After: by.After, Within: rule.Duration(by.Within), Parts: by.Parts})
	if err != nil {
		return fmt.Errorf("rule %s: %w", by.Rule, err)
	}
	counter := digestCounter(*by, m.To, begin)
	digest := smsengine.NewDigest(counter.Period, by.Rule, "digest for "+m.To.Value, effect, d.Now, end)
	limit := smsengine.Limit{Most: by.After, Gather: &digest}
	if limit.Most == 0 {
		limit.Most = smsengine.NoneAtAll
	}
	note := "one of " + fmt.Sprint(by.After) + " that go as they are"
	if d.Facts != nil {
		before, err := d.Facts.Usage(ctx, digestCounter(*by, m.To, begin.Add(-by.Within)))
		if err != nil {
			return err
		}
		so, err := d.Facts.Usage(ctx, counter)
		if err != nil {
			return err
		}
		if before.Used > by.After { // it goes on
			limit.Most = smsengine.NoneAtAll
		}
		if limit.Most < 0 || so.Used >= by.After {
			note = "gathered for a digest"
		}
	}
	d.Note(fmt.Sprintf("%s, in the %s until %s", note, rule.Duration(by.Within), c.zoned(end)))
	m.Charges = slices.Insert(m.Charges, 0, smsengine.Charge{Counter: counter, Amount: 1})
	if d.Limits == nil {
		d.Limits = smsengine.Limits{}
	}
	d.Limits[counter] = limit
	return nil
}

// digestCounter is that of a rule and a phone in a window. The space in its name
// tells Stores that it is one of a window.
func digestCounter(by smsengine.Digest, to smsengine.Address, begin time.Time) smsengine.Counter {
	sum := sha256.Sum256([]byte(by.Rule + "\x00" + to.String() + "\x00" + by.Within.String()))
	return smsengine.Counter{
		Account: smsengine.DigestCounter,
		Period:  "digest " + begin.Format(time.RFC3339) + " " + hex.EncodeToString(sum[:12]),
	}
}

// zoned is a time of day at the site.
func (c Config) zoned(t time.Time) string { return t.In(c.zone()).Format("15:04") }
