package smsengine

import (
	"encoding/json"
	"testing"
	"time"
)

// What is written reads back, and what cannot be meant is refused.
func TestRate(t *testing.T) {
	for text, want := range map[string]string{
		"100/1h": "100/1h", "5/m": "5/1m", "1/s": "1/1s", "30/10m": "30/10m", "7/90s": "7/1m30s", "7/1h30m": "7/1h30m",
		"2/24h": "2/24h", "9/10s": "9/10s", "9/1h0m10s": "9/1h0m10s", "none": "none",
	} {
		var r, again Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r.String() != want {
			t.Errorf("%s: %v, %v", text, r, err)
		}
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%s: %v, %v", r, again, err)
		}
	}
	for _, text := range []string{"", "100", "0/1h", "-1/1h", "5/0s", "5/1ms", "5/48h", "x/1h", "5/", "/1h", "1e3/1h"} {
		if err := new(Rate).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestDate(t *testing.T) {
	day := time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC)
	for text, over := range map[string]bool{"": false, "2027-01-31": false, "2027-01-30": true, "2027-02-01": false} {
		var d Date
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Over(day) != over {
			t.Errorf("%q: %v, over %v", text, err, d.Over(day))
		}
	}
	for _, text := range []string{"31.1.2027", "2027-02-30", "2027", "tomorrow"} {
		if err := new(Date).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// A key that says "nowhere" is not one that says nothing.
func TestPolicyKeepsEmptyLists(t *testing.T) {
	p := Policy{Deny: []string{}, MonthlyLimit: new(0), Send: new(false)}
	b, err := json.Marshal(p)
	if err != nil || string(b) != `{"send":false,"monthly_limit":0,"deny":[]}` {
		t.Fatalf("%s, %v", b, err)
	}
	var again Policy
	if err := json.Unmarshal(b, &again); err != nil || again.Deny == nil || again.Allow != nil || again.MonthlyLimit == nil {
		t.Errorf("%+v, %v", again, err)
	}
}
