package smsengine

import (
	"strings"
	"testing"
)

// A text that does not arrive becomes a mail, once, with its words in front; one
// that arrives does not.
func TestApplyFallsBack(t *testing.T) {
	for name, c := range map[string]struct {
		events []Event
		says   string // "": there is no such mail
	}{
		"refused":                        {[]Event{claimed(), refused}, "was not delivered"},
		"no gateway in time":             {[]Event{timedOut}, "was not delivered"},
		"in doubt until the end":         {[]Event{claimed(), inDoubt, timedOut}, "was not delivered"},
		"not confirmed":                  {[]Event{claimed(), took(0), timedOut}, "is not confirmed"},
		"not confirmed, then given up":   {[]Event{claimed(), took(0), timedOut, heard(0, PartFailed)}, "is not confirmed"},
		"the network gives it up":        {[]Event{claimed(), took(0), heard(0, PartFailed)}, "was not delivered"},
		"it arrives":                     {[]Event{claimed(), took(0), heard(0, PartDelivered)}, ""},
		"it arrives before the time":     {[]Event{claimed(), deferred}, ""},
		"somebody does not want it sent": {[]Event{cancel}, ""},
	} {
		m := newText(1)
		m.Body.Text, m.Body.Fallback = "Disk full", &Fallback{Rule: "Alerts", Mail: "duty@example.org"}
		notes := map[string]Message{}
		for _, e := range c.events {
			next, effects, err := m.Apply(e, now(e.Kind))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, f := range effects {
				if n, ok := f.(NewMessage); ok && n.Message.Kind == Note {
					if first, twice := notes[n.Message.Key]; twice {
						n.Message = first // the Store keeps the first of a key
					}
					notes[n.Message.Key] = n.Message
				}
			}
			m = next
		}
		if want := min(1, len(c.says)); len(notes) != want {
			t.Errorf("%s: %d mails", name, len(notes))
		}
		for _, n := range notes {
			if !strings.Contains(n.Body.Subject, c.says) || !strings.HasPrefix(n.Body.Text, "Disk full\n") || n.To != Mailbox("duty@example.org") ||
				n.About != m.ID || !strings.Contains(n.Body.Text, `"Alerts"`) || n.Route.String() != MailGateway {
				t.Errorf("%s: %+v", name, n)
			}
		}
	}
}
