package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// end is what becomes of a mail.
type end string

const (
	done    end = "done"    // all of its texts are queued
	refused end = "refused" // at least one of them never will be
	later   end = "later"   // it may be taken if it is tried again
	stays   end = "stays"   // it is for no phone
)

// take decides about a mail, and moves it. The error is that of the connection.
func (v *visit) take(l letter) error {
	what, err := v.decide(l)
	switch {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return err
	}
	switch what {
	case done:
		return v.Move(v.under, l.uid, v.Done)
	case refused:
		return v.Move(v.under, l.uid, v.Refused)
	case later:
		a := v.known.later[l.uid]
		a.n++
		a.next = v.Now().Add(v.Retry.After(a.n))
		v.known.later[l.uid] = a
		return nil
	}
	return v.leave(l.uid)
}

// leave marks a mail, so that it is not looked at again; where the server keeps
// no keywords it is remembered for as long as we live.
func (v *visit) leave(uid imap.UID) error {
	v.known.left[uid] = true
	if !v.marks {
		return nil
	}
	return v.Do(v.under, func() error {
		return v.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{left}}, nil).Close()
	})
}

// decide reads a mail and submits its texts.
func (v *visit) decide(l letter) (what end, err error) {
	phones, tooMany := phonesOf(v.Letterbox.Phones, l.Header)
	if l.nullSender() {
		what, err := v.bounced(l)
		if what != stays || err != nil || len(phones) == 0 {
			return what, err
		}
	}
	if len(phones) == 0 {
		return stays, nil
	}
	var refusal *smsengine.Error
	switch {
	case l.size > v.MaxSize:
		refusal = refuse("5.3.4", "the mail is too large")
	case !l.arrived.IsZero() && v.Now().Sub(l.arrived) > v.Expiry:
		refusal = refuse("5.4.7", "the mail came too long ago to be sent now")
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

// bounced tells the Desk of a mail of ours that came back. stays means that it is
// none.
func (v *visit) bounced(l letter) (what end, err error) {
	if l.size > v.MaxSize {
		return stays, nil
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
			what = stays
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
