package smarthost

import (
	"context"
	"errors"
	"io"
	"regexp"
	"time"

	"github.com/emersion/go-smtp"
)

// Transfer is a mail on its way to the smarthost. It is not safe for concurrent
// use.
type Transfer struct {
	host *Host
	conn *conn
	from string
	opts *smtp.MailOptions
	to   []recipient
}

type recipient struct {
	address string
	opts    *smtp.RcptOptions
}

// Begin connects and names the sender.
func (h *Host) Begin(ctx context.Context, from string, opts *smtp.MailOptions) (*Transfer, error) {
	t := &Transfer{host: h, from: from, opts: opts}
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// connect begins the transaction, with the recipients that were taken before.
func (t *Transfer) connect(ctx context.Context) (err error) {
	if t.conn, err = t.host.dial(ctx); err != nil {
		return err
	}
	defer t.guard(ctx)()
	if ok, _ := t.conn.Extension("SMTPUTF8"); !ok && t.opts != nil && t.opts.UTF8 {
		t.Close()
		return asciiOnly
	}
	err = t.conn.Mail(t.from, t.opts)
	for _, r := range t.to {
		if err == nil {
			err = t.conn.Rcpt(r.address, r.opts)
		}
	}
	if err != nil {
		t.Close()
		return answer(err)
	}
	return nil
}

// guard cuts the connection when ctx ends, until it is released.
func (t *Transfer) guard(ctx context.Context) (release func()) {
	raw := t.conn.raw
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	return func() { stop() }
}

// Rcpt names a recipient; the error is the smarthost's answer.
func (t *Transfer) Rcpt(ctx context.Context, to string, opts *smtp.RcptOptions) error {
	if t.conn == nil {
		if err := t.connect(ctx); err != nil {
			return err
		}
	}
	defer t.guard(ctx)()
	if err := t.conn.Rcpt(to, opts); err != nil {
		if gone(err) {
			t.Close()
		}
		return answer(err)
	}
	t.to = append(t.to, recipient{to, opts})
	return nil
}

// Send hands the mail over and ends the transfer. It returns what the smarthost
// said, without codes; the error is a refusal, or says that it is not known whether the
// smarthost has the mail. If the smarthost grew tired of waiting for the mail,
// everything before it is said once more.
func (t *Transfer) Send(ctx context.Context, mail io.Reader) (said string, err error) {
	defer t.Close()
	if t.conn == nil {
		if err := t.connect(ctx); err != nil {
			return "", err
		}
	}
	data, err := t.data(ctx)
	if gone(err) && ctx.Err() == nil {
		t.Close()
		if err := t.connect(ctx); err != nil {
			return "", err
		}
		data, err = t.data(ctx)
	}
	if err != nil {
		return "", answer(err)
	}
	defer t.guard(ctx)()
	if _, err := io.Copy(timed{data, t}, mail); err != nil {
		return "", lost
	}
	r, err := data.CloseWithResponse()
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok && reply.Code/100 == 2 {
		r, err = &smtp.DataResponse{StatusText: reply.Message}, nil // 250 is usual, not the law
	}
	if err != nil {
		return "", answer(err)
	}
	go t.conn.leave()
	t.conn = nil
	return enhanced.ReplaceAllString(r.StatusText, ""), nil
}

// enhanced is an enhanced status code (RFC 2034 §4) before the words.
var enhanced = regexp.MustCompile(`^2\.[0-9]{1,3}\.[0-9]{1,3} `)

// leave says good-bye, without waiting long for an answer.
func (c *conn) leave() {
	c.CommandTimeout = time.Second
	_ = c.Quit()
	_ = c.raw.Close()
}

func (t *Transfer) data(ctx context.Context) (*smtp.DataCommand, error) {
	defer t.guard(ctx)()
	return t.conn.Data()
}

// timed gives each piece of the mail its time.
type timed struct {
	w io.Writer
	t *Transfer
}

func (w timed) Write(p []byte) (int, error) {
	_ = w.t.conn.raw.SetDeadline(time.Now().Add(w.t.host.o.Timeout))
	return w.w.Write(p)
}

// Close gives the mail up, unless it was sent.
func (t *Transfer) Close() {
	if t.conn != nil {
		_ = t.conn.raw.Close()
		t.conn = nil
	}
}

// gone reports whether the smarthost has left the connection.
func gone(err error) bool {
	reply, ok := errors.AsType[*smtp.SMTPError](err)
	return err != nil && (!ok || reply.Code == 421)
}
