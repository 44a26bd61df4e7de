package mailbridge

import (
	"context"
	"io"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Letterbox is how doors read mail: all of them in the same way.
type Letterbox struct {
	Phones      *phone.Parser
	Hostname    string      // in Message-IDs of ours that come back
	Disclaimers []string    // how the site's own footers begin
	Trays       func() Tray // one for each mail; nil: attachments are not kept
	Tell        bool        // nobody else tells senders what was refused; see smsengine.Submission
}

// Tray is a Shelf for the attachments of one mail. Close ends it; unless keep is
// set, what was put there is removed.
type Tray interface {
	Shelf
	Close(keep bool)
}

// Received is a mail that a door took in.
type Received struct {
	Mail
	phones *phone.Parser
	tray   Tray
	tell   bool
	linked bool // texts with addresses of its attachments are queued
}

// Open reads a mail. Whoever gets a Received closes it.
func (b Letterbox) Open(r io.Reader) (*Received, error) {
	got := &Received{phones: b.Phones, tell: b.Tell}
	reader := Reader{Disclaimers: b.Disclaimers}
	if b.Trays != nil {
		got.tray = b.Trays()
		reader.Shelf = got.tray
	}
	var err error
	if got.Mail, err = reader.Read(r); err != nil {
		got.Close()
		return nil, err
	}
	return got, nil
}

// Submit hands the texts of the mail to the Desk, for recipients who have one
// source in common. envelope is what [SourceOf] takes of it.
func (m *Received) Submit(ctx context.Context, desk smsengine.Desk, envelope smsengine.Source, to []smsengine.Recipient) []smsengine.Outcome {
	return m.hand(ctx, desk, envelope, to, nil)
}

// Refuse is Submit for a mail that the door itself refuses, for a reason that the
// Desk cannot know.
func (m *Received) Refuse(ctx context.Context, desk smsengine.Desk, envelope smsengine.Source, to []smsengine.Recipient, why *smsengine.Error) []smsengine.Outcome {
	return m.hand(ctx, desk, envelope, to, why)
}

func (m *Received) hand(ctx context.Context, desk smsengine.Desk, envelope smsengine.Source, to []smsengine.Recipient, refusal *smsengine.Error) []smsengine.Outcome {
	names := NamesOf(m.Mail, m.phones)
	for i := range to {
		if r, isPhone, err := m.phones.Parse(to[i].Address); isPhone && err == nil && to[i].Name == "" {
			to[i].Name = names[r.Number]
		}
	}
	outcomes := desk.Submit(ctx, smsengine.Submission{
		Source: SourceOf(m.Mail, envelope), Recipients: to,
		Mail: WordsOf(m.Mail, envelope.Sender.Value, m.phones),
		Tell: m.tell, Refusal: refusal,
	})
	for _, o := range outcomes {
		m.linked = m.linked || o.Links && o.Err == nil && !o.Duplicate && o.Dropped == ""
	}
	return outcomes
}

// Close ends what is done with the mail: attachments that no text has an address
// of are removed. It may be called again.
func (m *Received) Close() {
	if m != nil && m.tray != nil {
		m.tray.Close(m.linked)
		m.tray = nil
	}
}

// Bounced reads a mail from the null sender and tells the Desk which mails of
// ours it brings back. It gives their number: 0 for any other mail, which comes
// to nothing.
func (b Letterbox) Bounced(ctx context.Context, desk smsengine.Desk, r io.Reader) (int, error) {
	all, err := ReadBounce(r, b.Hostname)
	if err != nil {
		return 0, err
	}
	for _, bounce := range all {
		if err := desk.Bounced(ctx, bounce); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}
