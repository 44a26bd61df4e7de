package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"mime"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/stage"
)

// tryOutgoing decides about a text to phones.
func (r *rehearsal) tryOutgoing(ctx context.Context, m trial, n int) ([]tried, error) {
	at, err := timeAt(m.At, r.zone)
	if err != nil {
		return nil, fmt.Errorf("at: %w", err)
	}
	m.Door = cmp.Or(m.Door, "lmtp")
	src := smsengine.Source{
		ID: smsengine.SourceID(fmt.Sprintf("test-%d", n)), Door: m.Door, Sender: smsengine.Mailbox(m.From), Received: at,
		Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: cmp.Or(m.User, m.From)},
	}
	if m.Account != "" {
		src.Identity = smsengine.Identity{Method: smsengine.MethodPassword, User: m.Account}
	}
	body := smsengine.Body{Text: m.Text}
	if m.Data != "" {
		body.Alphabet = sms.Binary.String()
		body.Data, _ = hex.DecodeString(m.Data) // check has read it
	}
	var words *smsengine.Mail
	names := map[string]string{}
	if m.isMail() {
		got, err := r.letter(m, n, at)
		if err != nil {
			return nil, err
		}
		defer got.Close()
		words, src = mailbridge.WordsOf(got.Mail, m.From, r.letters.Phones), mailbridge.SourceOf(got.Mail, src)
		src.ID = smsengine.SourceID(fmt.Sprintf("test-%d", n))
		names, body = mailbridge.NamesOf(got.Mail, r.letters.Phones), smsengine.Body{}
	}
	facts := r.facts
	if m.Reply {
		src.References, facts = []string{answered + "@rules.test"}, answering{facts}
	}
	var all []tried
	for i, to := range onPhones(r.cfg, m.To) {
		id := smsengine.MessageID(fmt.Sprintf("test-%d-%d", n, i+1))
		to = withParams(strings.Trim(to, "<>"), "sender", m.Sender, "id", m.Gateway)
		d := &smsengine.Draft{
			Now: at, Source: &src, Facts: facts, Mail: words, Recipient: smsengine.Recipient{Address: to},
			Message: smsengine.Message{ID: id, Source: src.ID, Kind: smsengine.Text, From: src.Sender, Body: body, Created: at, State: smsengine.Ready, Next: at},
		}
		if number, isPhone, err := r.letters.Phones.Parse(to); isPhone && err == nil {
			d.Recipient.Name = names[number.Number]
		}
		steps, err := r.decide(ctx, stage.Outgoing(r.stages), d)
		all = append(all, r.tried(m, m.To[i], d, steps, err))
	}
	return all, nil
}

// letter reads the mail, or makes one of what the message says.
func (r *rehearsal) letter(m trial, n int, at time.Time) (*mailbridge.Received, error) {
	if m.mail != "" {
		return r.letters.Open(strings.NewReader(m.mail))
	}
	var b bytes.Buffer
	field := func(name, value string) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(value), " ")))
	}
	fmt.Fprintf(&b, "From: %s\r\nDate: %s\r\nMessage-ID: <%d@rules.test>\r\n", (&mail.Address{Address: m.From}).String(), at.Format(time.RFC1123Z), n)
	if m.Subject != "" {
		field("Subject", m.Subject)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		for _, value := range m.Headers[name] {
			field(name, value)
		}
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n", m.Text)
	return r.letters.Open(&b)
}

// withParams adds parameters to an address: they stand before its last "@".
func withParams(address string, params ...string) string {
	for i := 0; i < len(params); i += 2 {
		at := strings.LastIndexByte(address, '@')
		if params[i+1] == "" || at < 0 {
			continue
		}
		mark := "?"
		if strings.Contains(address[:at], "?") {
			mark = "&"
		}
		address = address[:at] + mark + params[i] + "=" + strings.ReplaceAll(url.QueryEscape(params[i+1]), "+", "%20") + address[at:]
	}
	return address
}

// answered is the ID of a text from a phone that a mail answers, if one is to
// answer one.
const answered = "test-answered"

// answering is facts with such a text.
type answering struct{ smsengine.Facts }

func (f answering) Message(ctx context.Context, id smsengine.MessageID) (smsengine.Message, error) {
	if id == answered {
		return smsengine.Message{ID: id, Kind: smsengine.Incoming}, nil
	}
	return f.Facts.Message(ctx, id)
}

// onPhones completes numbers to addresses.
func onPhones(cfg *config.Config, to []string) []string {
	all := make([]string, len(to))
	for i, a := range to {
		if all[i] = a; !strings.Contains(a, "@") {
			all[i] = a + "@" + cfg.Mail.Domain
			if len(cfg.Address.PhoneDomains) == 0 && len(cfg.Address.Prefixes) > 0 {
				prefix, _, _ := strings.Cut(cfg.Address.Prefixes[0], "?")
				all[i] = prefix + ":" + all[i]
			}
		}
	}
	return all
}
