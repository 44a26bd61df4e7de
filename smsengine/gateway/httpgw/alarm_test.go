package httpgw

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func TestAlarmsOfWhatAPersonMustDo(t *testing.T) {
	for kind, want := range map[provider.OutcomeKind]string{
		provider.Credit: "pay there", provider.Credentials: "secrets_file",
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRest(slog.New(slog.DiscardHandler))
				defer r.close()
				began := time.Now()
				for range 3 {
					v := about(reading{Outcome: provider.NewOutcome(kind)}, exchange{})
					if !try(t, r, v) {
						t.Fatal("it may not try")
					}
					time.Sleep(longestRest)
				}
				all := r.alarms("Example")
				if len(all) != 1 || all[0].Name != string(kind) || !all[0].Since.Equal(began) || !strings.Contains(all[0].Text, want) {
					t.Fatalf("the alarms are %+v", all)
				}
				try(t, r, verdict{good: true})
				if all := r.alarms("Example"); all != nil {
					t.Errorf("it works, and there are %+v", all)
				}
			})
		})
	}
}

// A short outage is nobody's business; one that lasts is, whatever it says each
// time. That requests come too fast is none.
func TestAlarmOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(slog.New(slog.DiscardHandler))
		defer r.close()
		for range failuresInARow - 1 {
			try(t, r, verdict{bad: true, reason: "fails"})
		}
		began := time.Now()
		var all []smsengine.Alarm
		for rests := 1; all == nil; rests++ {
			try(t, r, verdict{bad: true, reason: []string{"fails", "fails", "does not answer"}[rests/3%3]})
			all = r.alarms("Example")
			time.Sleep(longestRest)
			if (all != nil) != (rests >= failedTries) {
				t.Fatalf("after %d rests the alarms are %+v", rests, all)
			}
		}
		if a := all[0]; a.Name != alarmUnreachable || !a.Since.Equal(began) || !strings.Contains(a.Text, "Example does not answer, again and again") {
			t.Errorf("the alarm is %+v, and it began %v", a, began)
		}
		try(t, r, verdict{good: true})
		for range 3 * failedTries {
			try(t, r, about(reading{Outcome: provider.NewOutcome(provider.Throttled)}, exchange{}))
			time.Sleep(longestRest)
		}
		if all := r.alarms("Example"); all != nil {
			t.Errorf("it is asked too fast, and there are %+v", all)
		}
	})
}

func TestReadings(t *testing.T) {
	g := known(t, "kannel")
	f := newFake(t, says("HTTP/1.1 403 Forbidden\r\nContent-Length: 32\r\n\r\nAuthorization failed for sendsms\n"))
	f.connect(g)
	_, _ = classOf(t, g)
	_, _ = classOf(t, g) // while it rests: no request
	h, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]smsengine.Reading{}
	for _, r := range h.Readings {
		got[r.Name] = r
	}
	if got["requests_total"].Value != 1 || got["resting"].Value != 1 || got["rest_seconds"].Value <= 20 || got["rest_seconds"].Value > restHeld.Seconds() || got["rests_total"].Value != 1 || got["provider"].Text != "Kannel" {
		t.Errorf("the readings are %+v", h.Readings)
	}
	if h.Ready || len(h.Alarms) != 1 || h.Alarms[0].Name != alarmCredentials || strings.Contains(h.Alarms[0].Text, "hush-hush") {
		t.Errorf("the health is %+v", h)
	}
}
