package template

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Expand fills the template in for one text. The error is a *ValueError.
func (t *Template) Expand(v Values) (string, error) {
	var b strings.Builder
	for _, p := range t.pieces {
		if p.name == "" {
			b.WriteString(p.fixed)
			continue
		}
		steps, stands := choose(p.steps, v.Alphabet)
		if !stands {
			continue
		}
		value, err := p.value(v, steps)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		for _, s := range steps {
			b.WriteString(s.fixed)
		}
	}
	return b.String(), nil
}

// value gives what a variable becomes, escaped.
func (p piece) value(v Values, steps []step) (string, error) {
	o, err := p.octets(v)
	if err != nil {
		return "", err
	}
	wrong := ""
	for _, s := range steps {
		if o, wrong = s.apply(o); wrong != "" {
			return "", &ValueError{Variable: p.name, What: wrong}
		}
	}
	escaped, wrong := p.spot.escape(o.written())
	if wrong != "" {
		return "", &ValueError{Variable: p.name, What: wrong, Setting: p.setting()}
	}
	return escaped, nil
}

// setting reports whether the variable is a Setting.
func (p piece) setting() bool { return builtin[p.name] == "" }

// octets gives what a variable stands for.
func (p piece) octets(v Values) (octets, error) {
	text := ""
	switch p.name {
	case "data":
		if v.Alphabet == sms.Binary {
			return octets{v.Data, true, inB64}, nil
		}
		text = sms.Normalize(v.Text)
	case "udh":
		if len(v.UDH) == 0 {
			return octets{}, nil
		}
		return octets{v.UDH[1:], true, inB64}, nil
	case "number":
		text = v.Number
	case "binary":
		text = "0"
		if v.Alphabet == sms.Binary {
			text = "1"
		}
	case "pid":
		text = v.PID
	case "dcs":
		text = v.DCS
	case "sender":
		text = v.Sender
	case "sender_phonealias":
		text = v.SenderPhoneAlias
	case "parts":
		text = strconv.Itoa(v.Parts)
	case "condition", "":
	case "msgid":
		text = v.MsgID
	default:
		value, ok := v.Settings[p.name]
		if !ok {
			return octets{}, &ValueError{Variable: p.name, What: "the gateway's configuration does not set it", Setting: true}
		}
		text = value
	}
	return octets{of: []byte(text)}, nil
}

// Blank reports whether the template has variables and nothing comes of any of
// them, as in a field that is better left out.
func (t *Template) Blank(v Values) bool {
	variables := false
	for _, p := range t.pieces {
		if p.name == "" {
			continue
		}
		variables = true
		steps, stands := choose(p.steps, v.Alphabet)
		if !stands {
			continue
		}
		o, err := p.octets(v)
		if err != nil || len(o.of) > 0 || slices.ContainsFunc(steps, func(s step) bool { return s.fixed != "" }) {
			return false
		}
	}
	return variables
}
