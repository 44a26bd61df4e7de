package sms

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
	engine "github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Gateways are those for which other servers bring texts from phones.
type Gateways interface {
	// Open gives where texts for a gateway go, if the password is the gateway's.
	// What is wrong is a permanent [*smsengine.Error] with the code 5.7.8, which
	// does not say what; whoever has to wait after wrong ones gets a temporary 4.7.x.
	Open(ctx context.Context, id, password string, from smsengine.Identity) (smsengine.Sink, error)
}

// delivery are the parameters of /sms/deliver. The last of them mean nothing for
// a text from a phone.
var delivery = map[string]bool{
	"id": true, "pass": true, "number": true, "data": true, "binary": true, "udh": true, "msgid": true,
	"pid": true, "dcs": true, "dsc": true, "sender": true, "user": true,
}

// deliver takes a text from a phone that another server brings. When it is
// answered the text is durable.
func (h *Handler) deliver(r *http.Request) (answer, error) {
	params, err := read(r)
	if err != nil {
		return nil, err
	}
	given, _, _, err := gather(params, delivery)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "pass", "number"} {
		if given[name] == "" {
			return nil, httpapi.Wrong(name + " is missing")
		}
	}
	if err := httpapi.Private(r); err != nil {
		return nil, err
	}
	v := httpapi.VisitOf(r)
	sink, err := h.Gateways.Open(r.Context(), given["id"], given["pass"], v.Identity())
	if err != nil {
		return nil, err
	}
	v.Did("gateway " + given["id"])
	if given["msgid"] == "" { // a Postel's call has a name even where its URL names none
		if given["msgid"] = r.Header.Get("Webhook-Id"); !clean(given["msgid"]) {
			return nil, httpapi.Wrong("webhook-id holds a control character, or is not UTF-8")
		}
	}
	part, err := h.part(given)
	if err != nil {
		return nil, err
	}
	if err := sink.Incoming(r.Context(), part); err != nil {
		return nil, smsengine.Fail("sms.deliver", smsengine.Temporary, "4.3.0", "the text cannot be stored now, bring it again", err)
	}
	return answer{{Number: part.From.Value}}, nil
}

// part is the text that the parameters say.
func (h *Handler) part(given map[string]string) (p smsengine.IncomingPart, err error) {
	p = smsengine.IncomingPart{From: h.from(given["number"]), Seq: 1, Total: 1}
	if p.From.IsZero() {
		return p, httpapi.Wrong("number says nobody")
	}
	if given["msgid"] != "" {
		p.Dedupe = "deliver " + given["msgid"]
	}
	if len(given["msgid"]) > maxName {
		return p, httpapi.Wrong(fmt.Sprintf("msgid may have %d octets", maxName))
	}
	binary, err := yes(given, "binary")
	if err != nil {
		return p, err
	}
	if !binary {
		p.Text = engine.Normalize(given["data"])
		return p, nil
	}
	if p.Data, err = octets(given["data"]); err != nil {
		return p, httpapi.Wrong("data of a binary message is octets in base64")
	}
	udh, err := octets(given["udh"])
	if err == nil && len(udh) > 0 {
		p.UDH, err = engine.Header(udh)
	}
	if err != nil {
		return p, httpapi.Wrong("udh is a header in base64, without the octet for its length")
	}
	return p, nil
}

// longestSender bounds the name of a sender, in characters.
const longestSender = 40

// from reads who sent a text: a phone, or a name in place of a number.
func (h *Handler) from(written string) smsengine.Address {
	for _, one := range split(written) {
		if n, _, err := h.Phones.Number(one); err == nil {
			return smsengine.Phone(n)
		}
	}
	name := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, written)))
	if len(name) == 0 {
		return smsengine.Address{}
	}
	return smsengine.Phone(string(name[:min(len(name), longestSender)]))
}
