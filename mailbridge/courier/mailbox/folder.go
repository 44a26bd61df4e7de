package mailbox

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
)

// Enter selects a folder. nil without an error means that there is none: not all
// servers say so in their answer to SELECT.
func (n *Session) Enter(ctx context.Context, folder string, o *imap.SelectOptions) (box *imap.SelectData, err error) {
	err = n.Do(ctx, func() (err error) {
		box, err = n.Select(folder, o).Wait()
		return err
	})
	if !isAnswer(err) {
		return box, err
	}
	there, failed := n.Has(ctx, folder)
	if failed != nil || there {
		return nil, errors.Join(err, failed)
	}
	return nil, nil
}

// Make makes a folder and subscribes to it, so that mail programs show it. One
// that is there already is left as it is.
func (n *Session) Make(ctx context.Context, folder string) error {
	return n.Do(ctx, func() error {
		if err := n.Create(folder, nil).Wait(); err != nil && !exists(n, folder, err) {
			return err
		}
		// Without a subscription the folder is there all the same.
		if err := n.Subscribe(folder).Wait(); err != nil && !isAnswer(err) {
			return err
		}
		return nil
	})
}

// exists reports whether the folder is there, so that it could not be made.
func exists(n *Session, folder string, err error) bool {
	if CodeOf(err) == imap.ResponseCodeAlreadyExists {
		return true
	}
	if !isAnswer(err) {
		return false
	}
	found, err := n.List("", folder, nil).Collect()
	return err == nil && len(found) > 0
}

// Has reports whether there is a folder of the name.
func (n *Session) Has(ctx context.Context, folder string) (there bool, err error) {
	err = n.Do(ctx, func() error {
		found, err := n.List("", folder, nil).Collect()
		there = len(found) > 0
		return err
	})
	return there, err
}

// Move moves a mail of the selected folder into another, which is made if it is
// missing. Servers without MOVE (RFC 6851) copy it and mark the original as
// deleted; where UIDPLUS (RFC 4315) is missing too it stays there so marked, since
// EXPUNGE would remove what others have marked.
func (n *Session) Move(ctx context.Context, uid imap.UID, folder string) error {
	err := n.move(ctx, uid, folder)
	if !Missing(err) {
		return err
	}
	if err := n.Make(ctx, folder); err != nil {
		return err
	}
	return n.move(ctx, uid, folder)
}

func (n *Session) move(ctx context.Context, uid imap.UID, folder string) error {
	return n.Do(ctx, func() error {
		set, caps := imap.UIDSetNum(uid), n.Caps()
		if caps.Has(imap.CapMove) {
			_, err := n.Client.Move(set, folder).Wait()
			return err
		}
		if _, err := n.Copy(set, folder).Wait(); err != nil {
			return err
		}
		deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
		if err := n.Store(set, deleted, nil).Close(); err != nil {
			return err
		}
		if !caps.Has(imap.CapUIDPlus) {
			return nil
		}
		return n.UIDExpunge(set).Close()
	})
}
