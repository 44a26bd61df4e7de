package mailbridge

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// outcome finds the words for what became of a text.
func outcome(l *wording.Language, n smsengine.Notice) wording.Outcome {
	switch {
	case n.Action == smsengine.ActionDelivered:
		return l.Delivered
	case n.Action == smsengine.ActionRelayed:
		return l.Relayed
	case n.State == smsengine.Unsure:
		return l.Unsure
	case n.Action == smsengine.ActionDelayed:
		return l.Delayed
	case n.State == smsengine.Expired && n.Sent > 0 && n.Sent >= n.Parts:
		return l.Perhaps
	case n.State == smsengine.Expired:
		return l.Expired
	}
	return l.Failed
}

// recipient is the number, as people read it.
func recipient(about smsengine.Message, l *wording.Language) string {
	if about.To.Value == "" {
		return l.Unknown
	}
	return about.To.Value
}

// explain says in plain words what became of the text, why, and what to do.
func (c *Composer) explain(l *wording.Language, n smsengine.Notice, about smsengine.Message, src smsengine.Source) string {
	var b strings.Builder
	say := func(sentence string, values ...string) {
		b.WriteString(wrap(wording.Fill(sentence, values...)))
		b.WriteString("\n\n")
	}
	say(outcome(l, n).Sentence, "to", recipient(about, l))
	if n.Action == smsengine.ActionDelayed && n.State != smsengine.Unsure && !about.Expires.IsZero() {
		say(l.Until, "until", about.Expires.In(c.style.Zone).Format("2006-01-02 15:04 MST"))
	}
	if why := reason(l, n.Status); why != "" {
		say(l.Reason, "reason", why)
	}
	if n.Action == smsengine.ActionFailed && n.Sent > 0 && n.Parts > 1 {
		say(l.Began, "parts", strconv.Itoa(n.Parts), "sent", strconv.Itoa(n.Sent))
	}
	if text := said(about, src); text != "" {
		b.WriteString(l.Said + "\n\n" + indent(text) + "\n\n")
	}
	if whole := about.Body.Whole; whole > len(about.Parts) {
		say(l.Cut, "parts", strconv.Itoa(len(about.Parts)), "whole", strconv.Itoa(whole))
	}
	if out := leftOutWords(l, about.Body.LeftOut); out != "" {
		say(l.Left, "what", out)
	}
	b.WriteString(wrap(wording.Fill(l.Trace, "id", string(about.ID))) + "\n")
	return b.String()
}

// reason says why. In other languages than English there are words for the code,
// and those of the network behind them.
func reason(l *wording.Language, s smsengine.Status) string {
	text := oneLine(s.Text)
	if s.Class == smsengine.OK || text == "" {
		return ""
	}
	if translated := l.Reasons.For(s.Code); translated != "" {
		return translated + " (" + text + ")"
	}
	return text
}

// said gives the words of the text. What was refused before it became one has
// those of its mail.
func said(about smsengine.Message, src smsengine.Source) string {
	text := strings.TrimSpace(about.Body.Text)
	if text == "" && len(src.Original) > 0 {
		if m, err := Read(bytes.NewReader(src.Original)); err == nil {
			text = strings.TrimSpace(m.Body)
		}
	}
	const most = 32 << 10 // more than 128 parts hold
	if len(text) > most {
		text = bounded(text, most) + " ..."
	}
	return text
}

// leftOutWords names what of the mail the text does not have.
func leftOutWords(l *wording.Language, kinds []smsengine.PassageKind) string {
	names := map[smsengine.PassageKind]string{
		smsengine.PassageQuote: l.Passages.Quotes, smsengine.PassageSignature: l.Passages.Signature,
		smsengine.PassageMobile: l.Passages.Mobile, smsengine.PassageList: l.Passages.List,
		smsengine.PassageDisclaimer: l.Passages.Disclaimer,
	}
	var words []string
	for _, k := range kinds {
		if name := names[k]; name != "" {
			words = append(words, name)
		}
	}
	return strings.Join(words, ", ")
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
