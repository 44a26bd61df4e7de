package mailbridge

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/mailbridge/quote"
	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// incoming writes the mail for a text from a phone. Its envelope sender is the
// address that it is from: clients that answer the envelope reach the phone, and
// what comes back is read by Postel ([ReadBounce]).
func (c *Composer) incoming(m smsengine.Message, to string) Letter {
	l := wording.In(m.Body.Language)
	var sms smsengine.ReceivedSMS
	if m.Body.Received != nil {
		sms = *m.Body.Received
	}
	pattern := c.pattern(sms.Gateway)
	address, why := pattern.Address(m.From), c.mute(m.From, l)
	if why != "" {
		address = pattern.mute(m.From)
	}

	w := c.head(pattern.displayName(m.From, sms.Name, why != "", l), address, to,
		cmp.Or(oneLine(m.Body.Subject), subject(sms.Thread, m.From, l)), sentAt(sms.Sent, m.Created), m.ID)
	w.thread(sms.Thread)
	w.set(m.Body.Headers)
	// A person wrote the text, so it is not an automatic message (RFC 3834
	// §5.1). A sender with a name instead of a number is a program, and nobody
	// reads what would be answered.
	if why == "" {
		w.raw("Auto-Submitted", "no")
	} else {
		w.raw("Auto-Submitted", "auto-generated")
	}
	words := withMissing(m.Body.Text, sms.Missing, sms.Total, l)
	if len(sms.Data) == 0 {
		w.text(withNotes(words, why, sms.Note))
		return Letter{From: address, To: to, Data: w.Bytes()}
	}
	e := enclose(sms.Data, sms.UDH, l)
	w.enclosing(m.ID, withNotes(strings.TrimPrefix(words+"\n\n"+e.sentence, "\n\n"), why, sms.Note), e)
	return Letter{From: address, To: to, Data: w.Bytes()}
}

// mute says why a sender cannot be answered, "" if it can.
func (c *Composer) mute(from smsengine.Address, l *wording.Language) string {
	switch {
	case from.Value == "":
		return l.NobodyMute
	case !isNumber(from.Value):
		return l.NameMute
	case isShort(from.Value) && !slices.Contains(c.style.ShortCodes, from.Value):
		return wording.Fill(l.CodeMute, "from", from.Value)
	}
	return ""
}

// displayName is what the pattern makes of the number, or of the name that the
// reader has for it: "John Doe (+15555550123)".
func (p Pattern) displayName(from smsengine.Address, known string, mute bool, l *wording.Language) string {
	name := from.Value
	if name == "" {
		name = l.Unknown
	}
	var aside []string
	if known = p.knownName(known, name); known != "" && known != name {
		name, aside = known, append(aside, name)
	}
	if mute {
		aside = append(aside, l.Mute)
	}
	if aside != nil {
		name += " (" + strings.Join(aside, ", ") + ")"
	}
	return strings.ReplaceAll(p.name, "%s", name)
}

// knownName takes off a name what displayName had put there: mail programs answer
// to the whole of it, and it would grow with every answer.
func (p Pattern) knownName(known, number string) string {
	before, behind, _ := strings.Cut(p.name, "%s")
	known = strings.TrimSuffix(strings.TrimPrefix(oneLine(known), before), behind)
	return strings.TrimSpace(strings.TrimSuffix(known, "("+number+")"))
}

// subject is that of the mail that is answered, which keeps them together. A
// text that answers none gets its sender's number, not its first words: so all
// texts of one sender stand together, and no words show in the list of mails.
func subject(t smsengine.Thread, from smsengine.Address, l *wording.Language) string {
	switch answered := oneLine(t.Subject); {
	case answered != "" && quote.Answers(answered):
		return answered
	case answered != "":
		return "Re: " + answered
	case from.Value == "":
		return l.Nobody
	}
	return wording.Fill(l.From, "from", from.Value)
}

// sentAt believes the network's time stamp unless it lies in the future: a mail
// from tomorrow would stay on top of the mailbox.
func sentAt(sent, received time.Time) time.Time {
	if sent.IsZero() || !received.IsZero() && sent.After(received.Add(time.Hour)) {
		return received
	}
	return sent
}

// withMissing says which parts of a long text never came: those that it begins
// with above the text, the others below. Between two parts the engine has put
// "[...]".
func withMissing(text string, missing []int, total int, l *wording.Language) string {
	var above, below []string
	for i, part := range missing {
		first, last := part == i+1, part == total-len(missing)+i+1
		sentence := l.Gap
		if first || last {
			sentence = l.Missing
		}
		line := wording.Fill(sentence, "part", strconv.Itoa(part), "parts", strconv.Itoa(total))
		if first {
			above = append(above, line)
		} else {
			below = append(below, line)
		}
	}
	return strings.Join(append(append(above, text), below...), "\n")
}

// withNotes puts what Postel has to say below the text, as a signature (RFC 3676
// §4.3): clients show it apart and leave it out of answers.
func withNotes(text string, notes ...string) string {
	var said []string
	for _, n := range notes {
		if n = strings.TrimSpace(n); n != "" {
			for line := range strings.SplitSeq(n, "\n") {
				said = append(said, wrap(line))
			}
		}
	}
	if said == nil {
		return text
	}
	return fmt.Sprintf("%s\n\n-- \n%s", strings.TrimRight(text, "\n"), strings.Join(said, "\n"))
}
