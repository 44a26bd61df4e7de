package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// settle waits until nothing is being done and nothing is due.
func (k *kitchen) settle() {
	k.t.Helper()
	ctx := k.t.Context()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		sets, err := k.service.store.Unconsumed(ctx, time.Time{})
		if err != nil {
			k.t.Fatal(err)
		}
		busy := len(sets) > 0
		for _, m := range k.messages() {
			busy = busy || m.State == smsengine.Sending || m.State == smsengine.Ready && !m.Next.After(k.now())
		}
		if !busy {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatal("it does not come to rest")
		}
	}
}

// messages are those that no earlier line of the table was about.
func (k *kitchen) messages() (fresh []smsengine.Message) {
	k.t.Helper()
	all, err := k.service.store.List(k.t.Context(), smsengine.Filter{Oldest: true, Limit: 1000})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, m := range all {
		if !k.told[m.ID] {
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// forget ends a line of the table. What still waits may come to the next one.
func (k *kitchen) forget() {
	for _, m := range k.messages() {
		k.told[m.ID] = m.State != smsengine.Ready
	}
	k.asked = nil
	k.rows += len(k.tableOf())
}

// happened tells what came of a line of the table, each thing in all ways in which
// the page may tell it.
func (k *kitchen) happened(to, text string, many bool) (all [][]string) {
	k.t.Helper()
	for _, m := range k.messages() {
		switch {
		case m.Kind == smsengine.Text && (m.State == smsengine.Sent || m.State == smsengine.Delivered):
			all = append(all, k.sent(m, to, text, many))
		case m.Kind == smsengine.Text && m.State == smsengine.Ready:
			all = append(all, []string{"waits"})
		case m.Kind == smsengine.Text && m.State != smsengine.Cancelled:
			all = append(all, []string{string(m.State)})
		case m.To.Scheme == smsengine.Mailto && m.State == smsengine.Delivered:
			all = append(all, k.mailed(m, text))
		}
	}
	for len(k.web.heard) > 0 {
		k.asked = append(k.asked, <-k.web.heard)
	}
	programs := filepath.Join(k.dir, "programs")
	if said, err := os.ReadFile(programs); err == nil {
		k.asked = append(k.asked, strings.Split(strings.TrimSpace(string(said)), "\n")...)
		_ = os.Remove(programs)
	}
	for _, a := range k.asked {
		all = append(all, []string{a})
	}
	for _, row := range k.tableOf() {
		all = append(all, []string{"row " + row})
	}
	return all
}

// sent tells of a text on a phone: "sent by us to +15555550123 as +15555550100:
// “Hello”". By whom may be left out, and so may what is as it was to be expected.
func (k *kitchen) sent(m smsengine.Message, to, text string, many bool) []string {
	k.t.Helper()
	in, err := k.client.SimWait(k.t.Context(), m.To.Value, 1)
	if err != nil {
		k.t.Fatal(err)
	}
	onPhone := in.Texts[len(in.Texts)-1]
	rest := ""
	to, _, _ = strings.Cut(to, "?")
	if m.To.Value != to && !many {
		rest += " to " + m.To.Value
	}
	if onPhone.From != k.numbers[m.Gateway] {
		rest += " as " + onPhone.From
	}
	if len(m.Parts) > 1 {
		rest += fmt.Sprintf(" in %d parts", len(m.Parts))
	}
	if onPhone.Text != text && !many && m.Body.Whole == 0 {
		rest += ": “" + strings.ReplaceAll(onPhone.Text, "\n", " / ") + "”"
	}
	return []string{"sent" + rest, "sent by " + m.Gateway + rest}
}

// mailed tells of a mail: "mail to boss@example.org: “Hello”", or with its subject
// "mail to boss@example.org, “Alarm”". It has the words of the text in it.
func (k *kitchen) mailed(m smsengine.Message, text string) []string {
	k.t.Helper()
	mail, err := mailbridge.Read(strings.NewReader(k.mailOf(m.ID)))
	if err != nil {
		k.t.Fatal(err)
	}
	if words := strings.TrimSpace(m.Body.Text); m.Kind != smsengine.Report && !strings.Contains(mail.Body, words) {
		k.t.Errorf("the mail to %s does not say %q:\n%s", m.To.Value, words, mail.Body)
	}
	told := "mail to " + m.To.Value
	ways := []string{told, told + ": “" + m.Body.Text + "”"}
	if m.Kind == smsengine.Report {
		ways = []string{"report to " + m.To.Value}
	}
	return append(ways, told+", “"+mail.Subject+"”")
}

// mailOf is the mail that Postel made of a message.
func (k *kitchen) mailOf(id smsengine.MessageID) string {
	k.t.Helper()
	mails, _ := filepath.Glob(k.dir + "/Maildir/new/*")
	for _, name := range mails {
		if b, err := os.ReadFile(name); err == nil && strings.Contains(string(b), "X-Postel-Message: "+string(id)) {
			return string(b)
		}
	}
	k.t.Fatalf("there is no mail of %s", id)
	return ""
}

// tableOf are the rows of the table sms that came since.
func (k *kitchen) tableOf() (rows []string) {
	k.t.Helper()
	if k.crm == nil {
		return nil
	}
	found, err := k.crm.QueryContext(k.t.Context(), "select phone, text from sms limit -1 offset ?", k.rows)
	if err != nil {
		k.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var phone, text string
		if err := found.Scan(&phone, &text); err != nil {
			k.t.Fatal(err)
		}
		rows = append(rows, phone+", "+text)
	}
	if err := found.Err(); err != nil {
		k.t.Fatal(err)
	}
	return rows
}
