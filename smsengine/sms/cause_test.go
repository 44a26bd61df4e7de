package sms

import (
	"regexp"
	"strings"
	"testing"
)

var (
	enhanced   = regexp.MustCompile(`^[245]\.[0-7]\.[0-9]$`)
	diagnosis  = regexp.MustCompile(`^(TP-Status 0x[0-9A-F]{2}|TP-FCS 0x[0-9A-F]{2}|RP-Cause \d+|CMS ERROR \d+|CME ERROR \d+|SMPP [ -~]+)( \([ -~]+\))?$`)
	firstDigit = map[Class]byte{OK: '2', Temporary: '4', Permanent: '5', Uncertain: '4'}
)

// checkCause holds a cause to what every reader of it relies on.
func checkCause(t *testing.T, c Cause) {
	t.Helper()
	if !enhanced.MatchString(c.Code) || c.Code[0] != firstDigit[c.Class] {
		t.Errorf("%s: class %d with code %s", c.Diagnostic, c.Class, c.Code)
	}
	if c.Text == "" || strings.ContainsAny(c.Text, "\r\n") || len(c.Text) > 100 || !diagnosis.MatchString(c.Diagnostic) {
		t.Errorf("%q says %q", c.Diagnostic, c.Text)
	}
	if c.Trying && c.Class != Temporary || c.Fault && c.Class != Temporary {
		t.Errorf("%+v", c)
	}
}

// Whatever number comes, its range says what it means (3GPP TS 23.040 §9.2.3.15).
func TestEveryTPStatus(t *testing.T) {
	for i := range 256 {
		c := TPStatus(byte(i))
		checkCause(t, c)
		want, trying := Temporary, false
		switch {
		case i <= 0x02, i >= 0x10 && i <= 0x1f:
			want = OK
		case i >= 0x20 && i <= 0x3f:
			trying = true
		case i >= 0x40 && i <= 0x5f:
			want = Permanent
		}
		if c.Class != want || c.Trying != trying {
			t.Errorf("%s: class %d, trying %v", c.Diagnostic, c.Class, c.Trying)
		}
		if (c.Code == "2.1.5") != (i == 0) {
			t.Errorf("%s: only the phone's own word is delivery, not %s", c.Diagnostic, c.Code)
		}
	}
	if c := TPStatus(0x45); c != (Cause{Class: Permanent, Code: "5.4.4", Text: noRoute.text, Diagnostic: "TP-Status 0x45 (no interworking available)"}) {
		t.Errorf("%+v", c)
	}
}

func TestEveryRefusal(t *testing.T) {
	for i := range 256 {
		for _, c := range []Cause{TPFailure(byte(i)), RPCause(byte(i)), CMSError(i)} {
			checkCause(t, c)
			if c.Class == OK {
				t.Errorf("%s is no failure", c.Diagnostic)
			}
		}
		checkCause(t, SMPPState(byte(i)))
	}
	for i := -1; i < 1000; i++ {
		for _, c := range []Cause{CMSError(max(i, 0)), CMEError(max(i, 0))} {
			checkCause(t, c)
			if c.Class == OK {
				t.Errorf("%s is no failure", c.Diagnostic)
			}
		}
	}
	if c := CMSError(-1); c.Class != Uncertain {
		t.Errorf("an error without a number: %+v", c)
	}
}

// What a modem's errors mean for the text: gone for good, once more, perhaps sent, or the modem's own trouble.
func TestCMSClasses(t *testing.T) {
	for class, codes := range map[Class][]int{
		Permanent: {1, 8, 10, 21, 28, 29, 30, 50, 69, 81, 95, 96, 97, 98, 99, 111, 127, 128, 143, 144, 145, 159, 160, 161, 175, 176, 193, 195, 196, 197, 198, 199, 304, 305},
		Temporary: {17, 22, 27, 38, 41, 42, 47, 192, 194, 208, 211, 301, 314, 331, 513, 514, 515},
		Uncertain: {332, 500, 512, 600, 9999},
	} {
		for _, code := range codes {
			if c := CMSError(code); c.Class != class || c.Fault {
				t.Errorf("%s: class %d, want %d, fault %v", c.Diagnostic, c.Class, class, c.Fault)
			}
		}
	}
	for _, code := range []int{300, 302, 303, 310, 311, 312, 313, 315, 316, 317, 318, 320, 322, 330, 340} {
		if c := CMSError(code); c.Class != Temporary || !c.Fault {
			t.Errorf("%s: class %d, fault %v", c.Diagnostic, c.Class, c.Fault)
		}
	}
	for _, code := range []int{10, 11, 12, 13, 15, 16} {
		if c := CMEError(code); c.Class != Temporary || !c.Fault {
			t.Errorf("%s: class %d, fault %v", c.Diagnostic, c.Class, c.Fault)
		}
	}
	if got := CMSError(38).Diagnostic; got != "CMS ERROR 38 (network out of order)" {
		t.Error(got)
	}
}

func TestSMPPStates(t *testing.T) {
	for word, want := range map[string]Class{
		"DELIVRD": OK, "delivrd": OK, "ACCEPTD": OK, "EXPIRED": Permanent, "DELETED": Permanent, "UNDELIV": Permanent,
		"REJECTD": Permanent, "ENROUTE": Temporary, "UNKNOWN": Uncertain, "": Uncertain, "WHAT?\r\nX: y": Uncertain,
	} {
		c := SMPPStat(word)
		checkCause(t, c)
		if c.Class != want || c.Trying != (word == "ENROUTE") {
			t.Errorf("%q: %+v", word, c)
		}
	}
	for state, want := range []string{"SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"} {
		if c := SMPPState(byte(state)); c != SMPPStat(want) {
			t.Errorf("%d: %+v, want %s", state, c, want)
		}
	}
	if SMPPStat("DELIVRD").Code != "2.1.5" || SMPPStat("ACCEPTD").Code != "2.1.9" {
		t.Error("only the phone's own word is delivery")
	}
}
