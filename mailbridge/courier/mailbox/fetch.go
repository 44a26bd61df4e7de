package mailbox

import (
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Each hands the items of what FETCH answers to take, with the number of the mail
// that they are of. take reads literals to their end, by [Whole], or fails: the
// connection is cut then. Read by go-imap itself, a literal that breaks off would
// be read by two goroutines at once.
func (n *Session) Each(cmd *imapclient.FetchCommand, take func(mail uint32, item imapclient.FetchItemData) error) error {
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if err := take(m.SeqNum, item); err != nil {
				n.cut()
				return err
			}
		}
	}
	return cmd.Close()
}

// Whole is a literal that ends when all of it was read, and not before: a lost
// connection must not look like the end of a mail. A section that is not there is
// empty.
func Whole(l imap.LiteralReader) io.Reader {
	if l == nil {
		return &whole{}
	}
	return &whole{l, l.Size()}
}

type whole struct {
	r    io.Reader
	left int64
}

// Read is io.Reader's. Behind the end, and behind an error, nothing is read any
// more.
func (w *whole) Read(b []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	if w.r == nil {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := w.r.Read(b)
	if w.left -= int64(n); w.left == 0 {
		_, err = w.r.Read(make([]byte, 1)) // go-imap waits until the end was seen
	}
	if err != nil {
		w.r = nil
	}
	if err == io.EOF && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
