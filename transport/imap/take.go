package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
)

// end is what becomes of a mail.
type end string

const (
	done    end = "done"    // all of its texts are queued
	refused end = "refused" // at least one of them never will be
	later   end = "later"   // it may be taken if it is tried again
	other   end = "other"   // it is for no phone
)

// take decides about a mail, and moves it, or leaves it. The error is that of the
// connection: what the server refuses to do with one mail is tried again later,
// and no other mail waits for it.
func (v *visit) take(l letter) (stays bool, err error) {
	what, err := v.decide(l)
	switch {
	case errors.Is(err, errGone):
		return false, nil
	case err == nil && what == done:
		err = v.Move(v.under, l.uid, v.Done)
	case err == nil && what == refused:
		err = v.Move(v.under, l.uid, v.Refused)
	case err == nil && what == other:
		return true, nil
	case err == nil:
		v.postpone(l.uid)
	}
	if _, refused := mailbox.Answer(err); refused {
		v.Log.Warn("the server does not let us take a mail", "mail", l.MessageID, "uid", l.uid, "err", err)
		v.postpone(l.uid)
		err = nil
	}
	return false, err
}

// postpone leaves a mail where it is, for a while that grows.
func (v *visit) postpone(uid imap.UID) {
	a := v.known.later[uid]
	a.n++
	a.next = v.Now().Add(v.Retry.After(a.n))
	v.known.later[uid] = a
}

// leave marks mails, so that they are not looked at again; where the server keeps
// no keywords they are remembered for as long as we live.
func (v *visit) leave(uids []imap.UID) error {
	for _, uid := range uids {
		v.known.left[uid] = true
	}
	if !v.marks || len(uids) == 0 {
		return nil
	}
	err := v.Do(v.under, func() error {
		return v.Store(imap.UIDSetNum(uids...), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{left}}, nil).Close()
	})
	if _, refused := mailbox.Answer(err); refused {
		v.Log.Debug("the server does not let us mark mail", "err", err)
		return nil
	}
	return err
}

// decide reads a mail and submits its texts.
func (v *visit) decide(l letter) (what end, err error) {
	phones, tooMany := phonesOf(v.Letterbox.Phones, l.Header)
	if l.nullSender() {
		what, err := v.bounced(l)
		if what != other || err != nil || len(phones) == 0 {
			return what, err
		}
	}
	if len(phones) == 0 {
		return other, nil
	}
	var refusal *smsengine.Error
	switch age := v.age(l); {
	case age > 2*v.Expiry: // it was there before us, or nobody waits for it any more
		v.Log.Info("not accepted", "mail", l.MessageID, "err", "the mail is "+age.Round(time.Hour).String()+" old")
		return refused, nil
	case age > v.Expiry:
		refusal = refuse("5.4.7", "the mail came too long ago to be sent now")
	case l.size > v.MaxSize:
		refusal = refuse("5.3.4", "the mail is too large")
	case tooMany:
		refusal = refuse("5.5.3", "the mail has too many recipients")
	}
	if refusal != nil {
		got, err := v.Letterbox.Open(bytes.NewReader(l.header))
		if err != nil {
			return later, nil
		}
		return v.submit(l, got, phones, refusal), nil
	}
	got, err := v.read(l)
	if got == nil {
		return later, err
	}
	return v.submit(l, got, phones, nil), nil
}

// age is how long ago the mail arrived, 0 if the server does not say.
func (v *visit) age(l letter) time.Duration {
	if l.arrived.IsZero() {
		return 0
	}
	return v.Now().Sub(l.arrived)
}

// read reads a mail. None without an error means that it cannot be read now, for
// a reason that is not the connection's.
func (v *visit) read(l letter) (got *mailbridge.Received, err error) {
	var failed *smsengine.Error
	err = v.whole(l.uid, func(r io.Reader) (err error) {
		if got, err = v.Letterbox.Open(r); errors.As(err, &failed) {
			_, err = io.Copy(io.Discard, r)
		}
		return err
	})
	if failed != nil {
		v.Log.Warn("a mail cannot be read now", "mail", l.MessageID, "err", failed)
	}
	if err != nil {
		got.Close()
		return nil, err
	}
	return got, nil
}

// bounced tells the Desk of a mail of ours that came back. other means that it is
// none.
func (v *visit) bounced(l letter) (what end, err error) {
	if l.size > v.MaxSize {
		return other, nil
	}
	err = v.whole(l.uid, func(r io.Reader) error {
		ctx, cancel := context.WithTimeout(v.under, submitTime)
		defer cancel()
		n, err := v.Letterbox.Bounced(ctx, v.Desk, r)
		switch {
		case err != nil:
			v.Log.Warn("a bounce cannot be noted now", "mail", l.MessageID, "err", err)
			what = later
			_, err = io.Copy(io.Discard, r)
			return err
		case n > 0:
			what = done
		default:
			what = other
		}
		return nil
	})
	return what, err
}

func refuse(code, text string) *smsengine.Error {
	return smsengine.Fail("imap", smsengine.Permanent, code, text, nil)
}

// submitTime bounds how long the Desk may take for a mail.
const submitTime = time.Minute
