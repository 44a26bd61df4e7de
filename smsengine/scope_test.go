package smsengine

import "testing"

func TestScopes(t *testing.T) {
	for s := range ScopeWebhooks << 1 {
		again, err := ParseScopes(s.String())
		if err != nil || again != s {
			t.Errorf("%q became %q, %v", s, again, err)
		}
	}
	for text, want := range map[string]Scopes{"": 0, "read,send": ScopeSend | ScopeRead, " send , send ": ScopeSend, "incoming admin": ScopeIncoming | ScopeAdmin} {
		if got, err := ParseScopes(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"all", "SEND", "send;read", "*"} {
		if got, err := ParseScopes(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
	if !(ScopeSend | ScopeRead).Has(ScopeRead) || ScopeSend.Has(ScopeSend|ScopeRead) {
		t.Error("Has")
	}
}
