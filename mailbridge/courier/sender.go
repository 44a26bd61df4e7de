package courier

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// Options configure a [Sender].
type Options struct {
	// Address says where mail goes: "smtp:host:port", "lmtp:host:port",
	// "smtp:unix:/path", "lmtp:unix:/path", "maildir:/path", or "imap".
	Address string
	IMAP    IMAP // for "imap"
	mailbridge.Style

	Timeout time.Duration // for connecting, and for the reply to each command; 0: 1 minute
	Final   time.Duration // for the reply after the final dot; 0: 10 minutes (RFC 5321 §4.5.3.2.6)
	Idle    int           // connections kept open between mails; 0: 4
}

// Sender is the MTA as a gateway: it composes the mails for texts from phones
// and for reports, and hands them over. When Send returns nil the MTA has taken
// the responsibility, or the file is durable.
//
// It may be given an unsure message again by itself: a mail handed over twice
// has the same Message-ID and the same octets, and in a Maildir the same name.
type Sender struct {
	*mailbridge.Composer
	carrier carrier
}

// carrier carries a letter; again tells that it may have been carried before. The
// reference is what the far side calls it.
type carrier interface {
	carry(ctx context.Context, l mailbridge.Letter, again bool) (reference string, err error)
	close() error
}

var (
	_ smsengine.Gateway  = (*Sender)(nil)
	_ smsengine.Splitter = (*Sender)(nil)
	_ smsengine.Repeater = (*Sender)(nil)
)

// NewSender checks the options. It connects only when there is mail.
func NewSender(o Options) (*Sender, error) {
	composer, err := mailbridge.NewComposer(o.Style)
	if err != nil {
		return nil, err
	}
	if o.Address == "imap" {
		appender, err := newAppender(o)
		if err != nil {
			return nil, err
		}
		return &Sender{composer, appender}, nil
	}
	t, err := parseTarget(o.Address)
	if err != nil {
		return nil, err
	}
	s := &Sender{Composer: composer}
	if t.protocol == "maildir" {
		s.carrier = &maildir{dir: t.address, host: o.Hostname}
		return s, nil
	}
	s.carrier = &client{
		target: t, helo: o.Hostname,
		timeout: cmp.Or(o.Timeout, time.Minute),
		final:   cmp.Or(o.Final, 10*time.Minute),
		pool:    pool[*conn]{room: cmp.Or(o.Idle, 4)},
	}
	return s, nil
}

// Send composes the mail and hands it over.
func (s *Sender) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	letter, err := s.Compose(d)
	if err != nil {
		return smsengine.Taking{}, err
	}
	reference, err := s.carrier.carry(ctx, letter, d.Message.Attempt > 1)
	if err != nil {
		return smsengine.Taking{}, err
	}
	return smsengine.Taking{Reference: reference, Whole: true, Delivered: true}, nil
}

// Whole tells the engine that a mail is never split.
func (s *Sender) Whole() bool { return true }

// Repeats tells the engine that the far side knows a mail that comes again.
func (s *Sender) Repeats() bool { return true }

// Close ends the connections that are not in use.
func (s *Sender) Close() error { return s.carrier.close() }

// fail makes an error of the given class; text says what to a stranger.
func fail(class smsengine.Class, code, text string, cause error) error {
	if _, ok := errors.AsType[*smsengine.Error](cause); ok {
		return cause
	}
	return smsengine.Fail("mail.Send", class, code, text, cause)
}
