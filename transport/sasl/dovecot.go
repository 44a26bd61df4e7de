package sasl

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
)

// dovecot speaks the Dovecot Authentication Protocol, version 1, as a client.
type dovecot struct {
	service string
	dial    func(context.Context) (net.Conn, error)
	idle    *connections
}

// Bounds of what the server may say.
const (
	maxLine      = 16 << 10 // octets, Dovecot's own bound
	maxHandshake = 200      // lines
)

// ask asks on a connection that waits, or on a new one. When one that waited
// turns out to be dead, the service was restarted: the others are dead too, and
// the question is asked once more.
func (d dovecot) ask(ctx context.Context, q question) (verdict, error) {
	if c := d.idle.take(); c != nil {
		answer, err := d.askOn(ctx, c, q)
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		d.idle.drop()
	}
	raw, err := d.dial(ctx)
	if err != nil {
		return unsure, err
	}
	c := &dovecotConn{Conn: raw, in: bufio.NewReaderSize(raw, maxLine)}
	return d.askOn(ctx, c, q)
}

// askOn asks one question and keeps the connection if all went well.
func (d dovecot) askOn(ctx context.Context, c *dovecotConn, q question) (answer verdict, err error) {
	release, err := within(ctx, c.Conn)
	if err == nil {
		answer, err = c.exchange(d.service, q)
	}
	if err != nil || !release() {
		_ = c.Close()
		return answer, err
	}
	d.idle.put(c)
	return answer, nil
}

// dovecotConn is a connection. It carries one question at a time.
type dovecotConn struct {
	net.Conn
	in     *bufio.Reader
	shaken bool   // hands were shaken
	last   uint32 // number of the last question
}

// exchange shakes hands, if that was not done yet, and asks.
func (c *dovecotConn) exchange(service string, q question) (verdict, error) {
	if !c.shaken {
		if err := c.shakeHands(); err != nil {
			return unsure, fmt.Errorf("handshake: %w", err)
		}
		c.shaken = true
	}
	c.last++
	if _, err := c.Write(authLine(c.last, service, q)); err != nil {
		return unsure, err
	}
	line, err := c.line()
	if err != nil {
		return unsure, err
	}
	return parseReply(line, c.last)
}

// shakeHands greets. The CPID must be one that no other client of the server
// has; those are process numbers, and ours lie beyond them.
func (c *dovecotConn) shakeHands() error {
	const beyond = 1 << 23
	cpid := beyond + rand.Uint32N(1<<31-beyond)
	if _, err := fmt.Fprintf(c, "VERSION\t1\t1\nCPID\t%d\n", cpid); err != nil {
		return err
	}
	var h handshake
	for range maxHandshake {
		line, err := c.line()
		if err != nil {
			return err
		}
		if done, err := h.take(line); done || err != nil {
			return err
		}
	}
	return errors.New("it does not come to an end")
}

// line reads a line, without its end.
func (c *dovecotConn) line() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return string(line[:len(line)-1]), nil
}

// handshake is what the server said of itself.
type handshake struct{ version, plain bool }

// take reads a line of the handshake; done reports that it was the last one.
func (h *handshake) take(line string) (done bool, err error) {
	command, rest, _ := strings.Cut(line, "\t")
	first, _, _ := strings.Cut(rest, "\t")
	switch command {
	case "VERSION":
		if h.version = first == "1"; !h.version {
			return false, errors.New("the server speaks another version of the protocol")
		}
	case "MECH":
		h.plain = h.plain || strings.EqualFold(first, "PLAIN")
	case "DONE":
		switch {
		case !h.version:
			return false, errors.New("the server did not name its version")
		case !h.plain:
			return false, errors.New("the server does not offer PLAIN (auth_mechanisms)")
		}
		return true, nil
	}
	return false, nil
}

// authLine is a question: AUTH PLAIN (RFC 4616) with the response in it.
// "nologin" says that no mailbox process will follow. Dovecot makes an address
// that guesses wait, up to 15 seconds, and whoever else comes from there; where
// the address stands for many people, or is not known, "no-penalty" prevents that.
func authLine(id uint32, service string, q question) []byte {
	line := fmt.Appendf(nil, "AUTH\t%d\tPLAIN\tservice=%s\tnologin", id, service)
	if q.secured {
		line = append(line, "\tsecured"...)
	}
	if q.remote.IsValid() {
		line = append(line, "\trip="+q.remote.WithZone("").String()...)
	}
	if !q.remote.IsValid() || q.remote.IsLoopback() {
		line = append(line, "\tno-penalty"...)
	}
	line = append(line, "\tresp="...) // must be the last
	line = base64.StdEncoding.AppendEncode(line, []byte("\x00"+q.user+"\x00"+q.password))
	return append(line, '\n')
}

// parseReply reads the answer to the question of that number. The error says
// that it is none, and the connection is not to be trusted any more.
func parseReply(line string, id uint32) (verdict, error) {
	fields := strings.Split(line, "\t")
	if len(fields) < 2 || fields[1] != strconv.FormatUint(uint64(id), 10) {
		return unsure, errors.New("the answer does not belong to the question")
	}
	switch fields[0] {
	case "OK":
		return right, nil
	case "FAIL":
		return failure(fields[2:]), nil
	case "CONT":
		return unsure, errors.New("the server wants more than PLAIN has")
	}
	return unsure, errors.New("the answer is not of the protocol")
}

// failure tells a refusal from a failure of the server. What is not known is a
// refusal: a user who is disabled, a password that expired.
func failure(params []string) verdict {
	for _, p := range params {
		switch p {
		case "temp", "code=temp_fail":
			return unsure
		}
	}
	return wrong
}
