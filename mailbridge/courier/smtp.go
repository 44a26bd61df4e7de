package courier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// client hands letters to an SMTP or LMTP server, and keeps a few connections
// open between them.
type client struct {
	target
	helo           string
	timeout, final time.Duration
	pool           pool[*conn]
}

// conn is one connection.
type conn struct {
	*smtp.Client
	raw net.Conn
}

// quit takes leave of the server, without waiting long for its answer.
func (cn *conn) quit() {
	cn.CommandTimeout = time.Second
	_ = cn.Quit()
	_ = cn.Close()
}

// step is how far a transaction came. What a failure means depends on it.
type step uint8

const (
	stepGreeting step = iota // connecting, EHLO: about us, not about the mail
	stepEnvelope             // MAIL, RCPT, DATA
	stepBody                 // the mail, without the final dot
	stepFinal                // the dot: from here on the server may have the mail
)

// carry makes one transaction. If a connection that was idle turns out to be
// dead before the mail itself was sent, it is made once more on a new one.
func (c *client) carry(ctx context.Context, l mailbridge.Letter, _ bool) (string, error) {
	if conn, ok := c.pool.take(""); ok {
		reference, at, err := c.transact(ctx, conn, l)
		if at > stepEnvelope || ctx.Err() != nil || !gone(err) {
			return reference, classify(at, err)
		}
		c.pool.drop("") // the others are no younger
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	reference, at, err := c.transact(ctx, conn, l)
	return reference, classify(at, err)
}

func (c *client) close() error { return c.pool.close() }

// gone reports whether the server had left the connection.
func gone(err error) bool {
	reply, ok := errors.AsType[*smtp.SMTPError](err)
	return err != nil && (!ok || reply.Code == 421)
}

// dial makes a connection and greets the server.
func (c *client) dial(ctx context.Context) (*conn, error) {
	dialer := net.Dialer{Timeout: c.timeout}
	raw, err := dialer.DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, fail(smsengine.Temporary, "4.4.1", "the mail server cannot be reached", err)
	}
	cn := &conn{raw: raw}
	if c.protocol == "lmtp" {
		cn.Client = smtp.NewClientLMTP(raw)
	} else {
		cn.Client = smtp.NewClient(raw)
	}
	cn.CommandTimeout, cn.SubmissionTimeout = c.timeout, c.final
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	if err := cn.Hello(c.helo); err != nil {
		_ = cn.Close()
		return nil, classify(stepGreeting, err)
	}
	return cn, nil
}

// transact hands the letter over and gives the connection back to the pool if
// it is fit for another one. When ctx ends the connection is cut.
func (c *client) transact(ctx context.Context, cn *conn, l mailbridge.Letter) (reference string, at step, err error) {
	stop := context.AfterFunc(ctx, func() { _ = cn.raw.Close() })
	defer func() {
		whole := stop() // false: ctx ended
		reply, isReply := errors.AsType[*smtp.SMTPError](err)
		fit := whole && (err == nil || isReply && reply.Code != 421)
		if fit && at < stepBody {
			fit = cn.Reset() == nil
		}
		if fit {
			c.pool.put("", cn)
		} else {
			_ = cn.Close()
		}
	}()

	at = stepEnvelope
	var opts smtp.MailOptions
	if !isASCII(l.From + l.To) {
		if ok, _ := cn.Extension("SMTPUTF8"); !ok {
			return "", at, fail(smsengine.Permanent, "5.6.7", "the mail server does not take addresses that are not ASCII", nil)
		}
		opts.UTF8 = true
	}
	if err = cn.Mail(l.From, &opts); err != nil {
		return "", at, err
	}
	if err = cn.Rcpt(l.To, nil); err != nil {
		return "", at, err
	}
	data, err := cn.Data()
	if err != nil {
		return "", at, err
	}
	at = stepBody
	_ = cn.raw.SetDeadline(time.Now().Add(c.timeout))
	if _, err = data.Write(l.Data); err != nil {
		return "", at, err
	}
	at = stepFinal
	reference, err = finish(data, c.protocol == "lmtp")
	return reference, at, err
}

// finish sends the final dot and waits for the reply; from an LMTP server there
// is one for each recipient, so here one. The reference is the queue ID that
// MTAs put into it.
func finish(data *smtp.DataCommand, lmtp bool) (reference string, err error) {
	text := ""
	if lmtp {
		replies, e := data.CloseWithLMTPResponse()
		for _, r := range replies {
			text = r.StatusText
		}
		err = e
	} else if r, e := data.CloseWithResponse(); e == nil {
		text = r.StatusText
	} else {
		err = e
	}
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok && reply.Code/100 == 2 {
		text, err = reply.Message, nil // 250 is usual, not the law
	}
	if _, id, ok := strings.Cut(text, "queued as "); ok {
		reference = said(id, 100)
	}
	return reference, err
}

// classify says what a failure means. A reply says it itself; a lost connection
// is harmless until the final dot, and after it nobody knows.
func classify(at step, err error) error {
	if err == nil {
		return nil
	}
	reply, ok := errors.AsType[*smtp.SMTPError](err)
	switch {
	case !ok && at == stepFinal:
		return fail(smsengine.Uncertain, "4.4.2", "the connection to the mail server was lost before its answer came", err)
	case !ok:
		return fail(smsengine.Temporary, "4.4.2", "the connection to the mail server was lost", err)
	case reply.Code/100 < 4 && at == stepFinal:
		return fail(smsengine.Uncertain, "4.5.0", "the mail server gave an answer that makes no sense", err)
	}
	class, digit := smsengine.Temporary, 4
	// What a server says before the envelope, or about a missing login, is about
	// our configuration. Mail waits until somebody has put it right.
	if reply.Code/100 == 5 && at != stepGreeting && reply.Code != 530 {
		class, digit = smsengine.Permanent, 5
	}
	code := fmt.Sprintf("%d.0.0", digit)
	if e := reply.EnhancedCode; e[0] == digit {
		code = fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2])
	}
	text := fmt.Sprintf("the mail server said: %d %s", reply.Code, said(reply.Message, 200))
	return fail(class, code, text, err)
}
