package httpgw

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// values are what the templates get to know of a text, and what its sender wrote
// for the provider. The error says that this provider cannot carry it.
func (g *Gateway) values(d smsengine.Delivery) (v template.Values, extra []string, err error) {
	m := d.Message
	if m.To.Scheme != smsengine.SMS || d.Part >= len(m.Parts) {
		return v, nil, fail(smsengine.Permanent, "5.6.0", "this gateway sends texts to phones", nil)
	}
	if err := g.can.Carries(m); err != nil {
		return v, nil, err
	}
	v = template.Values{
		Number: m.To.Value, Alphabet: alphabet(m.Body), Sender: g.sender,
		Parts: len(m.Parts), MsgID: string(m.ID), Settings: g.about(m),
	}
	if g.Whole() {
		for _, p := range m.Parts {
			v.Text += p.Text
			v.Data = append(v.Data, p.Data...)
		}
		if v.Alphabet == sms.Binary {
			v.UDH = m.Parts[0].UDH // a text's header says how Postel would cut it
		}
	} else {
		p := m.Parts[d.Part]
		v.Text, v.Data, v.UDH = p.Text, p.Data, p.UDH
		if len(m.Parts) > 1 {
			v.MsgID = fmt.Sprintf("%s-%d", m.ID, d.Part+1)
		}
	}
	if m.Body.Flash {
		v.DCS = fmt.Sprint(uint8(tpdu.Coding(v.Alphabet, tpdu.Flash)))
	}
	for _, p := range m.Body.Params {
		switch p.Name {
		case "sender":
			if g.can.Sender {
				v.Sender = p.Value
			}
		case "sender_phonealias":
			v.SenderPhoneAlias = p.Value
		case "pid":
			v.PID = p.Value
		case "dcs":
			v.DCS = p.Value
		case "value":
			extra = append(extra, p.Value)
		}
	}
	return v, extra, nil
}

// alphabet is what the provider has to be told. It knows nothing of national
// language tables.
func alphabet(b smsengine.Body) sms.Alphabet {
	switch {
	case b.Alphabet == sms.Binary.String():
		return sms.Binary
	case b.Alphabet == sms.UCS2.String(), b.National != "":
		return sms.UCS2
	}
	return sms.GSM7
}

// about adds to the settings what a text is like: its class, and how long it is
// still good for.
func (g *Gateway) about(m smsengine.Message) map[string]string {
	all := make(map[string]string, len(g.settings)+3)
	for name, value := range g.settings {
		all[name] = value
	}
	if m.Body.Flash {
		all[provider.VarClass] = "0"
	}
	if m.Expires.IsZero() {
		return all
	}
	left := max(m.Expires.Sub(g.now()), time.Second)
	if most := time.Duration(g.provider.Send.MaxValidity); most > 0 {
		left = min(left, most)
	}
	all[provider.VarSeconds] = fmt.Sprint(int64(left / time.Second))
	all[provider.VarMinutes] = fmt.Sprint(int64((left + time.Minute - 1) / time.Minute))
	return all
}
