package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// delivery is a gateway and what its network makes of texts, with the reports
// that RFC 3461 wants of that for each keyword of NOTIFY.
type delivery struct {
	name    string // of the gateway
	network string // its section of the configuration
	success string
	failure string
	delay   string
}

// Each network answers in its own way. Of a partly delivered text some of four
// parts have arrived; a silent network promises receipts that never come.
var deliveries = []delivery{
	{name: "quick", network: `receipt_delay = "10ms"`, success: "delivered"},
	{name: "late", network: `receipt_delay = "3s"`, success: "delivered"},
	{name: "plain", network: `receipts = false`, success: "relayed"},
	{name: "silent", network: `receipt_delay = "1h"`, success: "relayed"},
	{name: "negative", network: `fail = ["* undelivered"]`, failure: "failed"},
	{name: "partly", network: `fail = ["* undelivered 50%"]` + "\nseed = 2", failure: "failed"},
	{name: "refused", network: `fail = ["* permanent"]`, failure: "failed"},
	{name: "busy", network: `fail = ["* temporary"]`, failure: "failed", delay: "delayed"},
	{name: "doubtful", network: `fail = ["* uncertain"]` + "\nreceipts = false", failure: "failed", delay: "delayed"},
}

// notifications are the values of NOTIFY; none at all means failures and delays.
var notifications = []string{"", "NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,FAILURE", "SUCCESS,DELAY", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"}

// wants is RFC 3461 §4.1.
func (d delivery) wants(notify string) (actions []string) {
	if notify == "" {
		notify = "FAILURE,DELAY"
	}
	for keyword, action := range map[string]string{"SUCCESS": d.success, "FAILURE": d.failure, "DELAY": d.delay} {
		if action != "" && strings.Contains(notify, keyword) {
			actions = append(actions, action)
		}
	}
	return actions
}

// report is what one report says, as somebody else's parser reads it.
type report struct {
	envelope, recipient, action string
	full                        bool   // the whole mail came back, not only its header
	words, original             string // what it says to people; what came back
	mail, about                 textproto.MIMEHeader
	from                        string
}

// key is what must be there once.
func (r report) key() string { return r.envelope + " " + r.recipient + " " + r.action }

func TestReportsAreThoseThatWereAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.stop()
	s.edit("monthly_limit = 50", "monthly_limit = 0\nrate = \"none\"")
	s.edit("[mail]\n", "[queue]\nexpiry = \"14s\"\ndelay_warning = \"2s\"\n[mail]\n")
	var gateways strings.Builder
	for i, d := range deliveries { // one text at a time, so that chance falls on the same parts always
		fmt.Fprintf(&gateways, "[[gateway]]\nid = %q\ntype = \"sim\"\nnumber = \"+155555502%02d\"\ndefault_recipient = \"mary@example.org\"\nconcurrency = 1\n[gateway.sim]\n%s\n",
			d.name, i, d.network)
	}
	s.edit("[[gateway]]", gateways.String()+"[[gateway]]")
	s.start()

	want := map[string]bool{}
	for i, notify := range notifications {
		s.request(t, i, notify, want)
	}
	store := s.store()
	s.wait("the reports", func() error {
		counts, err := store.Counts(context.Background())
		if n := counts[smsengine.Report][smsengine.Delivered]; err == nil && n < len(want) {
			err = fmt.Errorf("%d of %d", n, len(want))
		}
		return err
	})
	got := map[string]int{}
	var all []report
	for _, raw := range s.dovecot.WaitInbox(testbed.John, len(want)) {
		r := readReport(t, raw)
		r.check(t)
		all = append(all, r)
		got[r.key()]++
	}
	s.settle()
	s.postfix.WaitQueue(0)
	if n := len(s.dovecot.Inbox(testbed.John)); n != len(all) {
		t.Errorf("%d reports, then %d", len(all), n)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if !want[key] || got[key] != 1 {
			t.Errorf("%s: %d reports, wanted %t", key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] == 0 {
			t.Errorf("%s: no report", key)
		}
	}
	t.Logf("%d texts, %d reports", len(notifications)*len(deliveries), len(all))
}

// request sends one mail to a phone of each gateway, with the same NOTIFY, and
// notes what must come of it. Every other mail wants only its header back.
func (s *site) request(t *testing.T, i int, notify string, want map[string]bool) {
	t.Helper()
	c := s.postfix.Login(testbed.John)
	defer c.Close()
	envelope, ret := fmt.Sprintf("id+%d=x", i), smtp.DSNReturnFull
	if i%2 == 1 {
		ret = smtp.DSNReturnHeaders
	}
	if err := c.Mail("john@example.org", &smtp.MailOptions{EnvelopeID: envelope, Return: ret}); err != nil {
		t.Fatal(err)
	}
	for j, d := range deliveries {
		recipient := "boss+" + d.name + "=x@example.org"
		o := &smtp.RcptOptions{OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: recipient}
		for keyword := range strings.SplitSeq(notify, ",") {
			if keyword != "" {
				o.Notify = append(o.Notify, smtp.DSNNotify(keyword))
			}
		}
		if err := c.Rcpt(fmt.Sprintf("+155555503%02d?id=%s&maxmsgs=9@sms.example.org", j, d.name), o); err != nil {
			t.Fatal(err)
		}
		for _, action := range d.wants(notify) {
			want[envelope+" "+recipient+" "+action] = true
		}
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("The water in the cellar stands at %d cm.", i)
	if _, err := w.Write(write(fmt.Sprintf("dsn%d", i), "the cellar <x@example.org>", "Content-Language: de\n", text+strings.Repeat(" It rises.", 48))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// check looks at what every report must have.
func (r report) check(t *testing.T) {
	t.Helper()
	fail := func(what string) { t.Errorf("%s: %s\n%v\n%v\n%s", r.key(), what, r.mail, r.about, r.words) }
	var i int
	if _, err := fmt.Sscanf(r.envelope, "id+%d=x", &i); err != nil {
		fail("not our envelope ID")
	}
	if r.from != "<>" && r.from != "" {
		fail("the envelope sender is " + r.from)
	}
	if !strings.Contains(r.words, fmt.Sprintf("stands at %d cm", i)) || !strings.Contains(r.words, "+1555555030") {
		fail("it does not say what was sent to whom")
	}
	if !strings.Contains(r.words, "Ihre SMS an") { // the mail says that its author reads German
		fail("it is in another language than the mail")
	}
	if !strings.Contains(r.original, fmt.Sprintf("Message-ID: <dsn%d@client.example.org>", i)) {
		fail("it does not return the mail: " + r.original)
	}
	if strings.Contains(r.recipient, "partly") && !strings.Contains(r.words, "Teile der SMS: 4. Davon gesendet oder vielleicht gesendet: 4.") {
		fail("it does not say that a part of it may be there")
	}
	if r.full != (r.action == "failed" && i%2 == 0) {
		fail("RET is not followed")
	}
	if r.mail.Get("Reporting-Mta") != "dns; mx.example.org" || r.mail.Get("Arrival-Date") == "" {
		fail("the fields of the mail")
	}
	class := map[string]string{"failed": "45", "delayed": "4", "delivered": "2", "relayed": "2"}[r.action]
	if code := r.about.Get("Status"); len(code) < 5 || !strings.Contains(class, code[:1]) {
		fail("the status")
	}
	if !strings.HasPrefix(r.about.Get("Final-Recipient"), "rfc822; +1555555030") || r.about.Get("Final-Log-Id") == "" ||
		r.about.Get("Remote-Mta") == "" && r.action == "relayed" {
		fail("the fields of the recipient")
	}
}

// readReport takes a report apart with go-message (RFC 6522 §3, RFC 3464 §2.1).
func readReport(t *testing.T, raw []byte) report {
	t.Helper()
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	kind, params, err := e.Header.ContentType()
	if err != nil || kind != "multipart/report" || params["report-type"] != "delivery-status" {
		t.Fatalf("%s %v, %v\n%s", kind, params, err, raw)
	}
	r := report{from: e.Header.Get("Return-Path")}
	parts := e.MultipartReader()
	var kinds []string
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, raw)
		}
		kind, _, _ := p.Header.ContentType()
		kinds = append(kinds, kind)
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatalf("%v in\n%s", err, raw)
		}
		switch len(kinds) {
		case 1:
			r.words = strings.Join(strings.Fields(string(body)), " ")
		case 2:
			r.fields(t, body)
		case 3:
			r.full, r.original = kind == "message/rfc822", string(body)
		}
	}
	if len(kinds) != 3 || kinds[1] != "message/delivery-status" || !r.full && kinds[2] != "text/rfc822-headers" {
		t.Fatalf("parts %v in\n%s", kinds, raw)
	}
	return r
}

// fields reads the part for programs: two groups, for there is one recipient.
func (r *report) fields(t *testing.T, body []byte) {
	t.Helper()
	groups := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.TrimRight(body, "\r\n"), "\r\n\r\n"...))))
	for _, group := range []*textproto.MIMEHeader{&r.mail, &r.about} {
		var err error
		if *group, err = groups.ReadMIMEHeader(); err != nil {
			t.Fatalf("%v in\n%s", err, body)
		}
	}
	if rest, _ := io.ReadAll(groups.R); len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("more groups: %s", rest)
	}
	r.envelope, r.action = r.mail.Get("Original-Envelope-Id"), r.about.Get("Action")
	r.recipient = strings.TrimPrefix(r.about.Get("Original-Recipient"), "rfc822; ")
}

// A mail server that is kept from handing on what was asked for reports by
// itself, and Postel, which knows of no wish, does not: again there is one report.
func TestMailServerThatKeepsDSNToItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.postfix.Postconf("-e", "lmtp_discard_lhlo_keywords=dsn")
	s.postfix.Reload()
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", &smtp.MailOptions{EnvelopeID: "kept"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("+15555550301@sms.example.org", &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess}}); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(write("kept", "x@example.org", "", "Who tells me?")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.inbox("+15555550301", 1)
	first := readReport(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if first.action != "relayed" || first.mail.Get("X-Postfix-Queue-Id") == "" {
		t.Errorf("%+v", first)
	}
	s.wait("the receipt", func() error {
		if !strings.Contains(s.run("queue", "-all"), "delivered") {
			return fmt.Errorf("not yet at %s", time.Now())
		}
		return nil
	})
	s.settle()
	s.postfix.WaitQueue(0)
	if n := len(s.dovecot.Inbox(testbed.John)); n != 1 {
		t.Errorf("%d reports", n)
	}
}

// A sender with a name in place of a number has an address that bounces reach, and
// nothing else.
func TestBounceToASenderWithoutNumber(t *testing.T) {
	t.Parallel()
	s := newAdministered(t, testbed.Options{})
	s.stop()
	s.edit(`default_recipient = "mary@example.org"`, `default_recipient = "john@example.org"`)
	s.start()
	s.answer("ACME", "Your parcel is here.")
	mail, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if got := mail.Header.Get("From"); got != `"ACME (cannot be answered)" <noreply.ACME@sms.example.org>` || !strings.Contains(body, "cannot be answered") {
		t.Errorf("From: %s\n%s", got, body)
	}
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("noreply.ACME@sms.example.org", nil); err == nil || !strings.Contains(err.Error(), "nobody can answer this sender") {
		t.Errorf("an answer: %v", err)
	}
	s.dovecot.Remove(testbed.John)
	s.answer("ACME", "It goes back.")
	note := bodyOf(t, s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	for _, want := range []string{"A text from ACME did not reach the mailbox john@example.org.", "It goes back.", "5.1.1"} {
		if !strings.Contains(note, want) {
			t.Errorf("the administrator is not told %q:\n%s", want, note)
		}
	}
	s.wantFailed("It goes back.", "5.1.1")
}
