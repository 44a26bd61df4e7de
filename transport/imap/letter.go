package imap

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
)

// letter is a mail in the folder, as far as its header tells.
type letter struct {
	uid             imap.UID
	size            int64
	arrived         time.Time
	header          []byte
	mailbridge.Mail // made of the header: it has no words
}

// maxHeader bounds the header that is looked at, in octets, as mailbridge does.
const maxHeader = 256 << 10

// headers fetches what is known of mails without their bodies, oldest first. None
// of it marks a mail as read.
func (v *visit) headers(uids []imap.UID) (letters []letter, err error) {
	head := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: maxHeader}}
	found := map[uint32]*letter{}
	err = v.Do(v.ctx, func() error {
		cmd := v.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{
			UID: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{head},
		})
		return v.Each(cmd, func(mail uint32, item imapclient.FetchItemData) error {
			l := found[mail]
			if l == nil {
				l = &letter{}
				found[mail] = l
			}
			return l.learn(item)
		})
	})
	for _, l := range found {
		if l.uid != 0 {
			letters = append(letters, *l)
		}
	}
	slices.SortFunc(letters, func(a, b letter) int { return int(int64(a.uid) - int64(b.uid)) })
	if n := len(uids) - len(letters); n > 0 && err == nil {
		v.Log.Debug("the server does not show all mails that it has", "missing", n)
	}
	return letters, err
}

// oneByOne is headers for a server that cannot show one of the mails: that one
// is left for later, and the others do not wait for it.
func (v *visit) oneByOne(uids []imap.UID) (letters []letter, err error) {
	for _, uid := range uids {
		l, err := v.headers([]imap.UID{uid})
		if _, refused := mailbox.Answer(err); refused {
			v.Log.Warn("the server cannot show a mail", "uid", uid, "err", err)
			v.postpone(uid)
			continue
		}
		if err != nil {
			return letters, err
		}
		letters = append(letters, l...)
	}
	return letters, nil
}

// learn notes an item of what the server says of the mail.
func (l *letter) learn(item imapclient.FetchItemData) (err error) {
	switch item := item.(type) {
	case imapclient.FetchItemDataUID:
		l.uid = item.UID
	case imapclient.FetchItemDataRFC822Size:
		l.size = item.Size
	case imapclient.FetchItemDataInternalDate:
		l.arrived = item.Time
	case imapclient.FetchItemDataBodySection:
		if l.header, err = io.ReadAll(mailbox.Whole(item.Literal)); err == nil {
			l.Mail, err = mailbridge.Read(bytes.NewReader(l.header))
		}
	}
	return err
}

// errGone means that somebody else has removed the mail meanwhile.
var errGone = errors.New("the mail is gone")

// whole fetches a mail and lets f read it to its end.
func (v *visit) whole(uid imap.UID, f func(io.Reader) error) error {
	there := false
	err := v.Do(v.under, func() error {
		cmd := v.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		return v.Each(cmd, func(_ uint32, item imapclient.FetchItemData) error {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || there {
				return nil
			}
			there = true
			return f(mailbox.Whole(body.Literal))
		})
	})
	if err == nil && !there {
		return errGone
	}
	return err
}

// nullSender reports whether the mail server that delivered the mail noted the
// null sender (RFC 5321 §4.4).
func (l letter) nullSender() bool {
	return l.Header.Has("Return-Path") && strings.Join(strings.Fields(l.Header.Get("Return-Path")), "") == "<>"
}
