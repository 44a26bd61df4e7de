package mailbridge

import (
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func TestKindAndRefusal(t *testing.T) {
	for _, test := range []struct {
		name    string
		sender  string
		header  []string
		kind    MailKind
		refused bool
	}{
		{"a person", "john@example.org", []string{"Subject: hi"}, KindText, false},
		{"an answer", "john@example.org", []string{"In-Reply-To: <a@b>"}, KindReply, false},
		{"an answer by its subject", "john@example.org", []string{"Subject: Re: hi"}, KindReply, false},
		{"said to be no automaton", "john@example.org", []string{"Auto-Submitted: no"}, KindText, false},
		{"null sender", "", []string{"Subject: hi"}, KindBounce, true},
		{"delivery report", "x@example.org", []string{"Content-Type: multipart/report; report-type=delivery-status; boundary=x"}, KindBounce, true},
		{"read receipt", "x@example.org", []string{"Content-Type: Multipart/Report; boundary=x"}, KindBounce, true},
		{"bounce with a sender", "MAILER-DAEMON@example.org", nil, KindBounce, true},
		{"Exim's bounce", "x@example.org", []string{"X-Failed-Recipients: y@example.org"}, KindBounce, true},
		{"vacation", "john@example.org", []string{"Auto-Submitted: auto-replied (vacation)", "In-Reply-To: <a@b>"}, KindAuto, true},
		{"vacation with parameters", "john@example.org", []string{"Auto-Submitted: Auto-Replied; owner-email=x@example.org"}, KindAuto, true},
		{"vacation of old", "john@example.org", []string{"Precedence: bulk", "In-Reply-To: <a@b>"}, KindAuto, true},
		{"vacation as junk", "john@example.org", []string{"Precedence: junk"}, KindAuto, true},
		{"autoresponder", "john@example.org", []string{"X-Autoreply: yes"}, KindAuto, true},
		{"Exchange, out of office", "john@example.org", []string{"Auto-Submitted: auto-generated", "In-Reply-To: <a@b>"}, KindAuto, true},
		{"unknown automaton", "john@example.org", []string{"Auto-Submitted: auto-invented"}, KindAuto, true},
		{"cron", "root@example.org", []string{"Auto-Submitted: auto-generated", "Precedence: bulk"}, KindAuto, false},
		{"Sieve notify", "john@example.org", []string{"Auto-Submitted: auto-notified; owner-email=john@example.org"}, KindAuto, false},
		{"mailing list", "list-bounces@example.org", []string{"List-Id: <list.example.org>", "Precedence: list"}, KindList, false},
		{"answer on a list", "list-bounces@example.org", []string{"List-Id: <list.example.org>", "Precedence: bulk", "In-Reply-To: <a@b>"}, KindList, false},
		{"vacation on a list", "list-bounces@example.org", []string{"List-Id: <list.example.org>", "Auto-Submitted: auto-replied"}, KindAuto, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := read(t, eml(append(test.header, "", "words")...))
			if got := m.Kind(test.sender); got != test.kind {
				t.Errorf("kind %s, want %s", got, test.kind)
			}
			e := Refuse(m, test.sender)
			if (e != nil) != test.refused {
				t.Fatalf("refusal %v", e)
			}
			if e != nil && (e.Class != smsengine.Permanent || e.Code != "5.7.1" || e.Text == "") {
				t.Errorf("refusal %+v", e)
			}
		})
	}
}
