package transport

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

func TestReplyLine(t *testing.T) {
	const perm, temp = smsengine.Permanent, smsengine.Temporary
	for _, c := range []struct {
		status smsengine.Status
		want   string
	}{
		{smsengine.Status{}, "250 2.0.0 OK"},
		{smsengine.Status{Code: "2.1.5", Text: "queued"}, "250 2.1.5 queued"},
		{smsengine.Status{Class: perm, Code: "5.7.1", Text: "not permitted"}, "550 5.7.1 not permitted"},
		{smsengine.Status{Class: perm, Code: "5.7.8", Text: "bad password"}, "550 5.7.8 bad password"},
		{smsengine.Status{Class: perm, Code: "5.2.2", Text: "limit reached"}, "552 5.2.2 limit reached"},
		{smsengine.Status{Class: temp, Code: "4.7.1", Text: "too fast"}, "450 4.7.1 too fast"},
		{smsengine.Status{Class: perm, Code: "5.1.3", Text: "bad number"}, "553 5.1.3 bad number"},
		{smsengine.Status{Class: perm, Code: "5.1.1", Text: "no phone"}, "550 5.1.1 no phone"},
		{smsengine.Status{Class: temp, Code: "4.2.2", Text: "full"}, "452 4.2.2 full"},
		{smsengine.Status{Class: temp, Code: "4.3.1", Text: "disk full"}, "452 4.3.1 disk full"},
		{smsengine.Status{Class: temp, Code: "4.3.0", Text: "later"}, "451 4.3.0 later"},
		{smsengine.Status{Class: perm, Code: "5.4.6", Text: "loop"}, "554 5.4.6 loop"},
		{smsengine.Status{Class: perm, Code: "5.6.1", Text: "no text"}, "554 5.6.1 no text"},
		// The class wins over a code that says otherwise, and over none.
		{smsengine.Status{Class: temp, Code: "5.7.1", Text: "x"}, "450 4.7.1 x"},
		{smsengine.Status{Class: smsengine.Uncertain, Code: "5.0.0", Text: "x"}, "451 4.0.0 x"},
		{smsengine.Status{Class: perm, Code: "nonsense", Text: "x"}, "554 5.0.0 x"},
		{smsengine.Status{Code: "5.1.3", Text: "x"}, "553 5.1.3 x"},
		{smsengine.Status{Text: "unclassified"}, "451 4.0.0 unclassified"},
		// The text stays one line.
		{smsengine.Status{Class: perm, Code: "5.7.1", Text: "a\r\n250 OK\x00é"}, "550 5.7.1 a  250 OK??"},
		{smsengine.Status{Class: perm, Code: "5.7.1", Text: "\r\n"}, "550 5.7.1 refused by the phone service"},
	} {
		if got := ReplyLine(c.status); got != c.want {
			t.Errorf("ReplyLine(%+v) = %q, want %q", c.status, got, c.want)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "250 2.0.0 OK"},
		{&phone.Error{Code: "5.1.3", Text: "too short"}, "553 5.1.3 too short"},
		{smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "limit reached", errors.New("private")), "552 5.2.2 limit reached"},
		{errors.New("private"), "451 4.3.0 temporary failure of the phone service, try again later"},
	} {
		if got := ReplyLine(StatusOf(c.err)); got != c.want {
			t.Errorf("StatusOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

// Whatever a status says, its reply is one short printable line whose three
// parts agree on the class.
func TestReplyIsALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := smsengine.Status{
			Class: smsengine.Class(rapid.IntRange(0, 5).Draw(t, "class")),
			Code:  rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}`)).Draw(t, "code"),
			Text:  rapid.String().Draw(t, "text") + strings.Repeat("x", rapid.IntRange(0, 600).Draw(t, "more")),
		}
		code, enhanced, text := Reply(s)
		if code/100 != enhanced[0] {
			t.Fatalf("%d and %v disagree", code, enhanced)
		}
		if s.Class == smsengine.Temporary && enhanced[0] != 4 || s.Class == smsengine.Permanent && enhanced[0] != 5 {
			t.Fatalf("class %v became %d", s.Class, code)
		}
		if text == "" || len(text) > MaxReplyText {
			t.Fatalf("text has %d octets", len(text))
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Fatalf("unprintable at %d in %q", i, text)
		}
	})
}
