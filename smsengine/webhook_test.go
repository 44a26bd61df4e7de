package smsengine

import (
	"slices"
	"testing"
)

func TestOccasions(t *testing.T) {
	for o := range AllOccasions + 1 {
		again, err := ParseOccasions(o.String())
		if err != nil || again != o {
			t.Errorf("%q became %q, %v", o, again, err)
		}
	}
	for _, bad := range []string{"all", "SENT", "sent;failed", "*"} {
		if got, err := ParseOccasions(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

// calls applies events and gives the occasions that were told, "hook:occasion".
func callsOf(t *testing.T, m Message, es ...Event) []string {
	t.Helper()
	var told, keys []string
	for _, e := range es {
		now := t0
		if e.Kind == TimedOut {
			now = expiry
		}
		next, effects, err := m.Apply(e, now)
		if err != nil {
			t.Fatal(err)
		}
		m = next
		for _, f := range effects {
			n, ok := f.(NewMessage)
			if !ok || n.Message.Kind != Call {
				continue
			}
			c := n.Message
			if c.About != m.ID || c.Body.Notice.State != m.State || c.Route.String() != WebhookGateway || c.Notify != NotifyNever {
				t.Errorf("a call is %+v", c)
			}
			told, keys = append(told, c.To.Value+":"+c.Body.Notice.Occasion.String()), append(keys, c.Key)
		}
	}
	if slices.Sort(keys); len(slices.Compact(keys)) != len(told) {
		t.Errorf("calls share a key: %q", keys)
	}
	return told
}

func TestCalls(t *testing.T) {
	watched := newText(1)
	watched.Watch = []Watch{{"all", AllOccasions}, {"end", OnDelivered | OnFailed}}
	again := claimed()
	doubt := Event{Kind: InDoubt, Attempt: 1, Until: retry}
	second := took(0)
	second.Attempt = 2
	receipt := Event{Kind: Receipt, Gateway: "a", Final: PartDelivered, Taken: Taking{Reference: "r0"}}
	for name, c := range map[string]struct {
		events []Event
		want   []string
	}{
		"sent":              {[]Event{claimed(), took(0)}, []string{"all:sent"}},
		"delivered":         {[]Event{claimed(), took(0), receipt}, []string{"all:sent", "all:delivered", "end:delivered"}},
		"refused":           {[]Event{claimed(), {Kind: Refused, Attempt: 1}}, []string{"all:failed", "end:failed"}},
		"cancelled":         {[]Event{{Kind: CancelReq}}, []string{"all:cancelled"}},
		"expired":           {[]Event{{Kind: TimedOut}}, []string{"all:failed", "end:failed"}},
		"tried again":       {[]Event{claimed(), {Kind: Deferred, Attempt: 1, Until: retry}}, nil},
		"doubt and repeat":  {[]Event{claimed(), doubt, again, second}, []string{"all:sent"}},
		"doubt and receipt": {[]Event{claimed(), {Kind: InDoubt, Attempt: 1, Taken: Taking{Reference: "r0"}}, receipt}, []string{"all:unsure", "all:delivered", "end:delivered"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := callsOf(t, watched, c.events...); !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
			if got := callsOf(t, newText(1), c.events...); got != nil {
				t.Errorf("nobody asked, and %q was told", got)
			}
		})
	}
}

func TestWatching(t *testing.T) {
	d := NewDirectory(nil, nil, nil, []Webhook{
		{Name: "shop", Account: "shop", Occasions: OnSent | OnReceived}, {Name: "all", Occasions: OnReceived}, {Name: "other", Account: "other", Occasions: AllOccasions},
	})
	if got := d.Watching("shop", OnReceived); !slices.Equal(got, []Watch{{"all", OnReceived}, {"shop", OnReceived}}) {
		t.Errorf("texts from phones: %v", got)
	}
	if got := d.Watching("shop", OnSent|OnFailed); !slices.Equal(got, []Watch{{"shop", OnSent}}) {
		t.Errorf("texts: %v", got)
	}
	if got := d.Watching("", OnReceived); !slices.Equal(got, []Watch{{"all", OnReceived}}) {
		t.Errorf("of no account: %v", got)
	}
}
