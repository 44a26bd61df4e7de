package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// show carries the conversation. It ends at the first step that fails.
func (d *demo) show(ctx context.Context) error {
	began := time.Now()
	d.printf("Postel runs in this process now, with a simulated phone network.\n")

	first := letter{from: demoUser, to: demoPhone + "@sms.example.org", subject: "Lunch", text: "Shall we meet at noon?"}
	d.say("John writes a mail to %s and hands it to Postel's SMTP server, %s.", first.to, d.server)
	id, err := first.send(d.server)
	if err != nil {
		return err
	}
	d.quote("From: <"+first.from+">", "To: <"+first.to+">", "Subject: "+first.subject, "", first.text)

	if err := d.onPhone(ctx, 1, first.text); err != nil {
		return err
	}

	answer := "Gladly. Where? ☕"
	d.say("The phone answers, to %s.", demoOurs)
	if err := d.client.SimSend(ctx, demoPhone, demoOurs, answer); err != nil {
		return words(err)
	}
	d.quote(answer)

	mail, err := d.inMailbox(ctx, id, answer)
	if err != nil {
		return err
	}
	reply := letter{from: demoUser, to: mail.From, subject: mail.Subject, text: "At the corner, table four.", inReplyTo: mail.MessageID}
	d.say("John answers that mail.")
	if _, err := reply.send(d.server); err != nil {
		return err
	}
	d.quote(reply.text)
	if err := d.onPhone(ctx, 2, reply.text); err != nil {
		return err
	}
	if err := d.traces(ctx); err != nil {
		return err
	}
	d.printf("\nBoth directions work. It took %.1f seconds.\n", time.Since(began).Seconds())
	return nil
}

// onPhone waits until the phone has got its n-th text, and shows it.
func (d *demo) onPhone(ctx context.Context, n int, want string) error {
	in, err := d.client.SimWait(ctx, demoPhone, n)
	if err != nil {
		return fmt.Errorf("the phone did not get the text: %w", words(err))
	}
	got := in.Texts[len(in.Texts)-1]
	d.say("The phone %s has a text from %s.", demoPhone, got.From)
	d.quote(got.Text)
	if got.Text != want {
		return fmt.Errorf("the text on the phone should be %q", want)
	}
	return nil
}

// inMailbox waits for the answer in the Maildir, shows it, and makes sure that it
// stands under the mail that it answers.
func (d *demo) inMailbox(ctx context.Context, inReplyTo, want string) (mailbridge.Mail, error) {
	data, err := firstFile(ctx, filepath.Join(d.dir, "Maildir", "new"))
	if err != nil {
		return mailbridge.Mail{}, fmt.Errorf("the answer did not come into the mailbox: %w", err)
	}
	m, err := mailbridge.Read(strings.NewReader(data))
	if err != nil {
		return m, err
	}
	d.say("The answer is in John's mailbox, under his mail.")
	d.quote("From: "+m.Header.Get("From"), "To: "+m.Header.Get("To"), "Subject: "+m.Subject, "In-Reply-To: "+m.Header.Get("In-Reply-To"), "", m.Body)
	switch {
	case m.Body != want:
		return m, fmt.Errorf("the text in the mail should be %q", want)
	case m.InReplyTo != inReplyTo:
		return m, fmt.Errorf("the mail should answer <%s>, not <%s>", inReplyTo, m.InReplyTo)
	}
	return m, nil
}

// firstFile waits for a file in a directory and gives its contents.
func firstFile(ctx context.Context, dir string) (string, error) {
	for {
		entries, err := os.ReadDir(dir)
		if err == nil && len(entries) > 0 {
			data, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
			return string(data), err
		}
		if err := pause(ctx); err != nil {
			return "", err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}

// traces shows what happened to the first text and to its answer, once the
// network has reported on both texts.
func (d *demo) traces(ctx context.Context) error {
	for {
		open, err := d.service.store.List(ctx, smsengine.Filter{States: []smsengine.State{smsengine.Ready, smsengine.Sending, smsengine.Sent}})
		if err != nil {
			return err
		}
		if len(open) == 0 {
			break
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%s is still %s", open[0].ID, open[0].State)
		}
	}
	all, err := d.service.store.List(ctx, smsengine.Filter{})
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= len(all)-2; i-- { // the two oldest
		d.say("postel trace %s", all[i].ID)
		d.printf("\n")
		if err := trace(ctx, d.terminal, d.service.store, all[i].ID); err != nil {
			return err
		}
		if all[i].State != smsengine.Delivered {
			return fmt.Errorf("%s is %s, and should be delivered", all[i].ID, all[i].State)
		}
	}
	return nil
}

// say begins a step.
func (d *demo) say(format string, args ...any) {
	d.step++
	d.printf("\n%d. %s\n", d.step, fmt.Sprintf(format, args...))
}

func (d *demo) quote(lines ...string) {
	d.printf("%s\n", indent(strings.Join(lines, "\n")))
}
