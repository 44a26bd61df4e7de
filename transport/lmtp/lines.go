package lmtp

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/transport/listen"
)

// lines is a connection between an MTA and go-smtp. On the way in it repairs
// what real MTAs write and go-smtp does not read (see path.go): command lines
// only, never a byte of a mail. On the way out it takes recipients out of
// replies, because MTAs log replies, and a recipient may hold a password.
//
// It hands out one command line a Read. go-smtp reads on only when it has
// answered, so at each Read the answer to the line before is known: a DATA that
// was answered with 354 is followed by a mail, any other is not.
type lines struct {
	*listen.Conn

	mode     mode
	rest     []byte    // of the line being handed out
	left     int64     // modeChunk: octets of the chunk to come
	end      endOfData // modeMail: looks for the final dot
	path     string    // of the last MAIL or RCPT as the client wrote it, without brackets
	original string    // its ORCPT, see transport.Original
	part     chunk     // what the last BDAT was
	open     bool      // chunks were taken, and not yet the last one

	line []byte // reply line being written
	code int    // of the last whole reply
	verb string // of the last command, "" in an AUTH exchange

	secure  security
	overdue *time.Timer // ends the connection of a client that does not log in; nil: none
	closed  func()      // nil, or called once when the connection ends
	once    sync.Once
}

// Close ends the connection.
func (c *lines) Close() error {
	err := c.Conn.Close()
	if c.closed != nil {
		c.once.Do(c.closed)
	}
	return err
}

type mode uint8

const (
	modeCommand mode = iota // a command line comes next
	modeAsked               // DATA was handed out; the answer says what comes next
	modeMail                // a mail, up to the line with only a dot
	modeChunk               // a chunk of BDAT (RFC 3030)
)

// chunk says what a BDAT command announced.
type chunk uint8

const (
	noChunk chunk = iota
	someChunk
	lastChunk
)

// Read hands out a repaired command line, or as much of a mail as is there.
func (c *lines) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := c.begin(); err != nil {
		return 0, err
	}
	if c.mode == modeAsked {
		c.mode = modeCommand
		if c.code == 354 {
			c.mode, c.end = modeMail, endOfData{}
		}
	}
	if len(c.rest) == 0 {
		switch c.mode {
		case modeMail:
			return c.readMail(p)
		case modeChunk:
			return c.readChunk(p)
		}
		if err := c.readLine(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// readMail hands out octets of a mail, at most to its end.
func (c *lines) readMail(p []byte) (int, error) {
	if _, err := c.Reader.Peek(1); err != nil {
		return 0, err
	}
	there, _ := c.Reader.Peek(min(c.Reader.Buffered(), len(p)))
	n := copy(p, there[:c.end.scan(there)])
	_, _ = c.Reader.Discard(n)
	if c.end.found() {
		c.mode = modeCommand
	}
	return n, nil
}

// readChunk hands out octets of a chunk, at most to its end.
func (c *lines) readChunk(p []byte) (int, error) {
	n, err := c.Reader.Read(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left == 0 {
		c.mode = modeCommand
	}
	return n, err
}

// readLine takes the next command line, repairs it and looks at what it
// announces. Here, and only here, nothing is owed to the client.
func (c *lines) readLine() error {
	if c.code == 421 { // whoever said it meant the connection
		return io.EOF
	}
	if err := c.endChunk(); err != nil {
		return err
	}
	for {
		raw, err := c.nextLine()
		if err != nil {
			return err
		}
		c.rest, c.verb = raw, ""
		if c.code == 334 { // a response of an AUTH exchange (RFC 4954 §4), which may look like a command
			return nil
		}
		verb, arg := command(string(raw))
		if c.open && verb != "BDAT" && verb != "NOOP" && verb != "QUIT" {
			return c.quit(unfinished)
		}
		if !c.secure.concerns(verb) {
			c.take(string(raw), verb, arg)
			return nil
		}
		c.rest = nil
		if err := c.answerSecurity(verb); err != nil {
			return err
		}
	}
}

// take hands out a command line.
func (c *lines) take(line, verb, arg string) {
	c.verb = verb
	switch verb {
	case "MAIL", "RCPT":
		line, c.path, c.original = repair(line)
		c.rest = []byte(line)
	case "DATA":
		c.mode = modeAsked
	case "BDAT":
		c.part, c.left = parseChunk(arg)
		if c.left > 0 {
			c.mode = modeChunk
		}
	}
}

// nextLine takes a line from the client. One that is longer than any command
// is answered and passed over (RFC 5321 §4.5.3.1.9).
func (c *lines) nextLine() ([]byte, error) {
	for passed := 0; passed < maxPassed; {
		c.SetIdle(true)
		raw, err := c.Reader.ReadSlice('\n')
		c.SetIdle(false)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			passed += len(raw)
		case errors.Is(err, listen.ErrDrain):
			return nil, c.quit("421 4.3.2 the phone service is shutting down, try again later")
		case err != nil:
			return nil, err
		case passed > 0:
			passed = 0
			if err := c.writeReply([]byte(tooLong + "\r\n")); err != nil {
				return nil, err
			}
		default:
			return raw, nil
		}
	}
	return nil, c.quit(tooLong)
}

const (
	maxPassed  = 256 << 10 // octets of a line that are passed over
	tooLong    = "500 5.5.2 line too long"
	unfinished = "421 4.5.0 a mail in chunks must be finished, or the connection closed"
)

// endChunk notes the answer to a BDAT. A mail that was begun in chunks and is
// given up leaves go-smtp 0.25.1 with two writers of one answer; such a
// connection is not used again.
func (c *lines) endChunk() error {
	if c.open && c.code >= 400 {
		return c.quit(unfinished)
	}
	switch c.part {
	case someChunk:
		c.open = c.code < 400
	case lastChunk:
		c.open = false
	}
	c.part = noChunk
	return nil
}

// quit writes a last reply and ends the connection.
func (c *lines) quit(reply string) error {
	_, _ = io.WriteString(c.Conn, reply+"\r\n")
	return io.EOF
}

// command splits a command line as go-smtp does. Verbs have four letters, but
// for STARTTLS.
func command(line string) (verb, arg string) {
	line = strings.TrimRight(line, "\r\n")
	if len(line) == 4 || strings.EqualFold(strings.TrimRight(line, " "), "STARTTLS") {
		return strings.ToUpper(strings.TrimRight(line, " ")), ""
	}
	if len(line) < 6 || line[4] != ' ' {
		return "", ""
	}
	return strings.ToUpper(line[:4]), strings.TrimSpace(line[5:])
}
