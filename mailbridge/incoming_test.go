package mailbridge

import (
	"testing"

	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// A name that comes back, because somebody answered to it, is the same name.
func TestDisplayNameDoesNotGrow(t *testing.T) {
	phone := smsengine.Phone("+15555550123")
	for pattern, want := range map[string]string{
		`%s@sms.example.org`:                "Mary (+15555550123)",
		`"SMS %s" <%s@sms.example.org>`:     "SMS Mary (+15555550123)",
		`"%s via SMS" <%s@sms.example.org>`: "Mary (+15555550123) via SMS",
	} {
		p, err := ParsePattern(pattern, "example.org")
		if err != nil {
			t.Fatal(err)
		}
		name := "Mary"
		for range 3 {
			if name = p.displayName(phone, name, false, wording.In("en")); name != want {
				t.Errorf("%s: got %q, want %q", pattern, name, want)
			}
		}
	}
}
