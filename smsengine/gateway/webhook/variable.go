package webhook

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/webhook/pattern"
)

// Variable is what may stand between %% and %% in the URL of a webhook.
type Variable struct {
	Name    string
	Meaning string // for the documentation
	value   func(f facts) string
}

// facts are what the values are taken from. What is not known is zero.
type facts struct {
	smsengine.Delivery
	about  smsengine.Message
	notice smsengine.Notice
}

// Variables are all of them. The first three are the old service's.
var Variables = []Variable{
	{"from", "who sent the text: a number, or the address of a mail", func(f facts) string { return f.about.From.Value }},
	{"to", "whom it was for: a number; of a text from a phone, our number", func(f facts) string { return to(f.about) }},
	{"body", "the text", func(f facts) string { return f.about.Body.Text }},
	{"data", "the data of a binary message, base64", func(f facts) string {
		data, _ := binary(f.about)
		return base64.StdEncoding.EncodeToString(data)
	}},
	{"udh", "its information elements without the octet for their length, base64", func(f facts) string {
		_, udh := binary(f.about)
		return base64.StdEncoding.EncodeToString(udh)
	}},
	{"binary", "1 for a binary message, else 0", func(f facts) string {
		data, udh := binary(f.about)
		if len(data)+len(udh) > 0 {
			return "1"
		}
		return "0"
	}},
	{"id", "the message's ID", func(f facts) string { return string(f.about.ID) }},
	{"call", "the call's ID, the same if it is repeated", func(f facts) string { return string(f.Message.ID) }},
	{"occasion", "what happened: " + smsengine.AllOccasions.String(), func(f facts) string { return f.notice.Occasion.String() }},
	{"state", "the message's state then", func(f facts) string { return string(f.notice.State) }},
	{"status", "why, in words", func(f facts) string { return f.notice.Status.Text }},
	{"code", "why, as a code of RFC 3463", func(f facts) string { return f.notice.Status.Code }},
	{"time", "when it happened: 2027-01-31T09:30:00Z", func(f facts) string {
		return f.notice.At.UTC().Format(time.RFC3339)
	}},
	{"parts", "how many parts the text has", func(f facts) string { return strconv.Itoa(f.notice.Parts) }},
	{"account", "whose message it is", func(f facts) string { return f.about.Account }},
	{"subject", "of the mail that the text came from", func(f facts) string { return f.Source.Subject }},
	{"gateway", "the gateway that it came or went through", func(f facts) string {
		if r := f.about.Body.Received; r != nil {
			return r.Gateway
		}
		return f.notice.Gateway
	}},
	{"answers", "the ID of the text that a text from a phone answers", func(f facts) string { return string(f.about.About) }},
	{"webhook", "the webhook's name", func(f facts) string { return f.Message.To.Value }},
}

// to is the number that a text went to: of one from a phone it is ours.
func to(m smsengine.Message) string {
	if m.Kind == smsengine.Incoming {
		return cmp.Or(m.Original, m.To.Value)
	}
	return m.To.Value
}

// binary is the data and the information elements of a binary message.
func binary(m smsengine.Message) (data, udh []byte) {
	if r := m.Body.Received; r != nil {
		if udh = r.UDH; len(udh) > 0 {
			udh = udh[1:]
		}
		return r.Data, udh
	}
	return m.Body.Data, m.Body.UDH
}

func variableNames() (names []string) {
	for _, v := range Variables {
		names = append(names, v.Name)
	}
	return names
}

// Expand puts the values of a call into a URL. A variable whose value is not known
// stands for nothing.
func Expand(u *pattern.URL, d smsengine.Delivery) (string, error) {
	f := facts{Delivery: d}
	if d.About != nil {
		f.about = *d.About
	}
	if n := d.Message.Body.Notice; n != nil {
		f.notice = *n
	}
	return u.Expand(func(name string) string {
		for _, v := range Variables {
			if v.Name == name {
				return v.value(f)
			}
		}
		return ""
	})
}

// Parse reads the URL of a webhook. The error is for people.
func Parse(url string) (*pattern.URL, error) { return pattern.Parse(url, variableNames()) }

// Check says what is wrong with the URL of a webhook, for people.
func Check(url string) error {
	_, err := Parse(url)
	return err
}
