package modem

import (
	"regexp"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// number is what may be one of a phone, a SIM card or a modem.
var number = regexp.MustCompile(`\+?[0-9]{6,}`)

// dialogue gives package at's options, with what of the dialogue is logged.
func (g *Gateway) dialogue() at.Options {
	o := g.o.AT
	if g.config.Dialogue != DialogueMasked && g.config.Dialogue != DialogueFull {
		return o
	}
	o.Texts = g.config.Dialogue == DialogueFull
	also := o.Trace
	o.Trace = func(t at.Trace) {
		dir, text := "from", t.Text
		if t.Out {
			dir = "to"
		}
		if !o.Texts {
			text = number.ReplaceAllString(text, "***")
		}
		g.log.Info("modem", "dir", dir, "size", t.Size, "line", text)
		if also != nil {
			also(t)
		}
	}
	return o
}
