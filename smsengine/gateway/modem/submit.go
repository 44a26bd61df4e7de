package modem

import (
	"strconv"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// submit is a part as it goes on the air. A report is wanted of every part, whoever
// asked: it is what ends a doubt, and what tells of a failure behind the network.
// The error is permanent.
func (g *Gateway) submit(d smsengine.Delivery) (*tpdu.Submit, error) {
	m := d.Message
	to, err := tpdu.ParseAddress(m.To.Value)
	if err != nil {
		return nil, smsengine.Fail(op, smsengine.Permanent, "5.1.3", "this number cannot be dialled", err)
	}
	content, err := contentOf(m, m.Parts[d.Part])
	if err != nil {
		return nil, err
	}
	return &tpdu.Submit{
		WantReport: g.config.Receipts, To: to, Content: content,
		Validity: tpdu.ValidFor(g.validity(m, time.Now())),
	}, nil
}

// validity is how long the network is to try: as long as the message lives, but no
// longer than configured. A message without an end leaves it to the network.
func (g *Gateway) validity(m smsengine.Message, now time.Time) time.Duration {
	most := time.Duration(g.config.Validity)
	if m.Expires.IsZero() {
		return most
	}
	left := max(m.Expires.Sub(now), time.Minute)
	if most > 0 {
		left = min(left, most)
	}
	return left
}

// contentOf codes a part as the message says.
func contentOf(m smsengine.Message, p smsengine.Part) (tpdu.Content, error) {
	class := tpdu.NoClass
	if m.Body.Flash {
		class = tpdu.Flash
	}
	alphabet := alphabetOf(m, p)
	c, err := tpdu.NewContent(sms.Part{Text: p.Text, Data: p.Data, UDH: p.UDH}, alphabet, class)
	if err != nil {
		return c, unsuitable("the text cannot be sent as SMS", err)
	}
	for _, param := range m.Body.Params {
		if param.Name != "pid" && param.Name != "dcs" {
			continue
		}
		n, err := strconv.ParseUint(param.Value, 0, 8)
		if err != nil {
			return c, unsuitable(param.Name+" must be a number from 0 to 255", err)
		}
		if param.Name == "pid" {
			c.PID = byte(n)
			continue
		}
		if c.DCS = tpdu.DCS(n); c.DCS.Alphabet() != alphabet {
			return c, unsuitable("the text needs another alphabet than dcs says: leave dcs out", nil)
		}
	}
	return c, nil
}

// alphabetOf is the alphabet that the message was cut for.
func alphabetOf(m smsengine.Message, p smsengine.Part) sms.Alphabet {
	switch {
	case p.Data != nil || m.Body.Alphabet == sms.Binary.String():
		return sms.Binary
	case m.Body.Alphabet == sms.UCS2.String():
		return sms.UCS2
	}
	return sms.GSM7
}
