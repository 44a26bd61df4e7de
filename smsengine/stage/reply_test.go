package stage

import (
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// A phone is answered in the words of the rule, from the number that it wrote to,
// once in a time. Who must not be answered is not.
func TestReply(t *testing.T) {
	c := ruled(t, "", one(`if.always = true`+"\n"+`then.reply = { text = "We got %%text%%.", every = "12h" }`))
	d := textFrom("it", facts{})
	if _, err := decide(t, Incoming(c), d); err != nil || len(d.Deeds) != 1 {
		t.Fatal(err, d.Deeds)
	}
	r := d.Deeds[0]
	if r.Kind != smsengine.Text || r.To != theirs || r.Body.Text != "We got it." || !r.From.IsZero() || r.Route.String() != "office" || len(r.Charges) > 0 ||
		r.LinkFor != 0 || r.Notify != smsengine.NotifyNever || r.About != d.Message.ID || r.Body.Rules[0] != "x" || r.Account != "" ||
		r.Key != "reply:sms:+15555550100:sms:+15551234567:"+now.Truncate(12*time.Hour).Format("2006-01-02T15:04:05Z07:00")+":x" {
		t.Errorf("%+v", r)
	}
	for name, d := range map[string]*smsengine.Draft{
		"STOP":           textFrom("STOP", facts{}),
		"has said STOP":  textFrom("it", facts{stopped: []smsengine.Address{ours}}),
		"a short code":   textBy(smsengine.Phone("72727"), "it", facts{}),
		"a name":         textBy(smsengine.Phone("ACME"), "it", facts{}),
		"one of ours":    textBy(ours, "it", facts{}),
		"answers a text": textFrom("it", facts{links: []smsengine.Link{john}}),
	} {
		if _, err := decide(t, Incoming(c), d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range d.Deeds {
			if r.State != smsengine.Cancelled || len(r.Route) > 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}
