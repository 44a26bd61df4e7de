package wire

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
)

// body is that of an answer. At its end the connection is free for the next
// request; one that nobody read to its end is closed with its connection.
type body struct {
	io.ReadCloser
	conn *conn // nil: it was given back, or closed
	give func(*conn)
	stop func() bool // lets go of ctx
	ctx  context.Context
	keep bool // the connection may be used again
}

// Read reads the body. Its length is for the reader to bound.
func (b *body) Read(p []byte) (int, error) {
	if b.conn == nil {
		return 0, io.EOF
	}
	b.conn.left = math.MaxInt64
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	if ended := b.end(errors.Is(err, io.EOF)); ended != nil && !errors.Is(err, io.EOF) {
		err = ended
	}
	return n, err
}

// Close ends the exchange.
func (b *body) Close() error {
	if b.conn != nil {
		b.end(b.ReadCloser == http.NoBody) //nolint:errcheck // whoever closes has no more questions
	}
	return nil
}

// end gives the connection back or closes it. The error is that of a context that
// ended before.
func (b *body) end(whole bool) (err error) {
	c := b.conn
	b.conn = nil
	free := b.stop()
	if !free {
		err = b.ctx.Err()
	}
	if free && whole && b.keep && c.reader.Buffered() == 0 {
		b.give(c)
	} else {
		c.Close()
	}
	return err
}
