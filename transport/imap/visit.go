package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
)

// left is the keyword of mail that is left in the folder, because it is for no
// phone: it is not looked at again.
const left imap.Flag = "$PostelSeen"

// visit is what is done over one connection.
type visit struct {
	*Watcher
	*mailbox.Session
	ctx   context.Context // ends when the service is to end
	under context.Context // ends when it must not take longer
	news  chan struct{}   // the server said that there is more mail
	marks bool            // the server keeps keywords
}

// run looks through the folder again and again. It ends with what broke the
// connection, or with ctx.
func (v *visit) run() (err error) {
	v.Session, err = v.Server.Open(v.ctx, v.User, v.Password, &imapclient.UnilateralDataHandler{Mailbox: v.heard})
	if err != nil {
		return err
	}
	defer v.Quit()
	if err := v.open(); err != nil {
		return err
	}
	v.Log.Info("watching", "folder", v.Folder, "idle", v.Caps().Has(imap.CapIdle))
	for v.ctx.Err() == nil {
		if err := v.scan(); err != nil {
			return err
		}
		if err := v.wait(); err != nil {
			return err
		}
	}
	return v.ctx.Err()
}

// heard notes that the number of mails has changed.
func (v *visit) heard(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages == nil {
		return
	}
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// open selects the folder, which is made if it is missing. If the server numbers
// its mails anew, what was known by the old numbers is forgotten.
func (v *visit) open() error {
	box, err := v.Enter(v.ctx, v.Folder, nil)
	if err == nil && box == nil {
		if err = v.Make(v.ctx, v.Folder); err == nil {
			box, err = v.Enter(v.ctx, v.Folder, nil)
		}
	}
	if err != nil {
		return err
	}
	if box == nil {
		return fmt.Errorf("there is no folder %s, though it was made", v.Folder)
	}
	v.marks = slices.Contains(box.PermanentFlags, imap.FlagWildcard) || slices.Contains(box.PermanentFlags, left)
	if k := &v.known; k.validity != box.UIDValidity || box.UIDValidity == 0 || k.later == nil {
		if k.validity != 0 {
			v.Log.Info("the server numbers its mails anew", "uidvalidity", box.UIDValidity)
		}
		*k = known{validity: box.UIDValidity, later: map[imap.UID]attempt{}, left: map[imap.UID]bool{}}
	}
	return nil
}

// wait returns when there may be something to do: the server has news, or a mail
// that was refused for now is due.
func (v *visit) wait() error {
	most := v.Poll
	idle := v.Caps().Has(imap.CapIdle)
	if idle {
		most = v.Renew
	}
	for _, a := range v.known.later {
		most = min(most, max(a.next.Sub(v.Now()), 0))
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	if !idle {
		select {
		case <-timer.C:
		case <-v.news:
		case <-v.ctx.Done():
		}
		return v.Do(v.under, func() error { return v.Noop().Wait() })
	}
	var idling *imapclient.IdleCommand
	err := v.Do(v.ctx, func() (err error) {
		idling, err = v.Idle()
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-timer.C:
	case <-v.news:
	case <-v.ctx.Done():
	case <-v.Closed():
		_ = idling.Close() // go-imap wants it, or later commands wait for ever
		return errClosed
	}
	return v.Do(v.under, func() error {
		if err := idling.Close(); err != nil {
			return err
		}
		return idling.Wait()
	})
}

var errClosed = errors.New("the server closed the connection")

// mostAtOnce bounds how many headers are asked for at a time.
const mostAtOnce = 20

// scan takes all mails that are to be looked at now, the oldest first.
func (v *visit) scan() error {
	criteria := &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}
	if v.marks {
		criteria.NotFlag = append(criteria.NotFlag, left)
	}
	var uids []imap.UID
	err := v.Do(v.ctx, func() error {
		found, err := v.UIDSearch(criteria, nil).Wait()
		if err == nil {
			uids = v.due(found.AllUIDs())
		}
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(uids, mostAtOnce) {
		letters, err := v.headers(some)
		if _, refused := mailbox.Answer(err); refused {
			letters, err = v.oneByOne(some)
		}
		if err != nil {
			return err
		}
		if err := v.takeAll(letters); err != nil || v.ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// takeAll takes mails one after the other, and marks those that are for no phone.
func (v *visit) takeAll(letters []letter) error {
	var others []imap.UID
	for _, l := range letters {
		if v.ctx.Err() != nil {
			break
		}
		stays, err := v.take(l)
		if err != nil {
			return err
		}
		if stays {
			others = append(others, l.uid)
		}
	}
	return v.leave(others)
}

// due leaves out what is to wait, and forgets what is gone.
func (v *visit) due(there []imap.UID) (due []imap.UID) {
	later := make(map[imap.UID]attempt)
	for _, uid := range there {
		a, waits := v.known.later[uid]
		if waits {
			later[uid] = a
		}
		if !v.known.left[uid] && (!waits || !a.next.After(v.Now())) {
			due = append(due, uid)
		}
	}
	v.known.later = later
	return due
}
