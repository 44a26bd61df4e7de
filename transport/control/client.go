package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"

	"github.com/postel-mail/postel/smsengine"
)

// ErrNotRunning is in the error of every call when no service answers on the
// socket.
var ErrNotRunning = errors.New("postel is not running")

// Client is the commands' side of the socket. Each call fails with an
// *smsengine.Error if the service refused; errors.Is finds
// [smsengine.ErrNotFound] and [smsengine.ErrTransition] in it.
type Client struct {
	path string
	http http.Client
}

// NewClient makes a client for the socket at a path. It connects at the first
// call.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{path: path, http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Close ends the connections that wait for a further call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status tells how the service is; that it answers at all is the least of it.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var st Status
	err := c.call(ctx, http.MethodGet, "/status", nil, &st)
	return st, err
}

// Reload has the service take its configuration as it is now, as a whole or not at
// all.
func (c *Client) Reload(ctx context.Context) (Reloaded, error) {
	var done Reloaded
	err := c.call(ctx, http.MethodPost, "/reload", struct{}{}, &done)
	return done, err
}

// Metrics writes what the service measures, in the form that Prometheus reads.
func (c *Client) Metrics(ctx context.Context, w io.Writer) error {
	return c.call(ctx, http.MethodGet, "/metrics", nil, w)
}

// Send hands in a text. The results stand in the order of the recipients; those
// without Refused and Dropped are durable.
func (c *Client) Send(ctx context.Context, req SendRequest) ([]SendResult, error) {
	var results []SendResult
	err := c.call(ctx, http.MethodPost, "/send", req, &results)
	return results, err
}

// Request asks something of a message: [smsengine.CancelReq] and its like. It
// gives the message as it is after.
func (c *Client) Request(ctx context.Context, id smsengine.MessageID, kind smsengine.EventKind) (smsengine.Message, error) {
	var m smsengine.Message
	err := c.call(ctx, http.MethodPost, "/messages/"+url.PathEscape(string(id))+"/"+url.PathEscape(string(kind)), struct{}{}, &m)
	return m, err
}

// SimInbox gives what a simulated phone has.
func (c *Client) SimInbox(ctx context.Context, number string) (Inbox, error) {
	return c.SimWait(ctx, number, 0)
}

// SimWait is SimInbox once the phone has got so many texts in all (Inbox.Total).
func (c *Client) SimWait(ctx context.Context, number string, texts int) (Inbox, error) {
	q := url.Values{"number": {number}, "texts": {strconv.Itoa(texts)}}
	var in Inbox
	err := c.call(ctx, http.MethodGet, "/sim/inbox?"+q.Encode(), nil, &in)
	return in, err
}

// SimSend sends a text from a simulated phone to one of our numbers. When it
// returns nil, Postel has stored the text.
func (c *Client) SimSend(ctx context.Context, from, to, text string) error {
	var done struct{}
	return c.call(ctx, http.MethodPost, "/sim/send", simText{from, to, text}, &done)
}

// call makes one request. The answer is read into out, or copied if out is an
// io.Writer.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://postel"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(userHeader, whoami())
	resp, err := c.http.Do(req)
	if err != nil {
		return c.explain(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var p problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Postel.Text == "" {
			return fmt.Errorf("what answers on %s is not postel: it said %q", c.path, resp.Status)
		}
		return p.failure()
	}
	if w, plain := out.(io.Writer); plain {
		_, err := io.Copy(w, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("the answer on %s cannot be read: %w", c.path, err)
	}
	return nil
}

// explain says what a failed connection means for the person at the keyboard.
func (c *Client) explain(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err // without the address that only we made up
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: nothing listens on %s; start it with postel serve", ErrNotRunning, c.path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the socket %s belongs to another user: run this as the user that runs postel, or as root", c.path)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("postel closed the connection on %s: it does not serve this user, or is just ending; its log says which", c.path)
	}
	return err
}
