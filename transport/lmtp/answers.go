package lmtp

import (
	"bytes"
	"strconv"
)

// mark stands before the text of our own replies, so that Write can tell it
// from the recipient that go-smtp puts before it.
const mark = '\x1f'

// Write passes replies on, one whole line at a time.
func (c *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			c.line = append(c.line, rest...)
			break
		}
		c.line = append(c.line, rest[:end]...)
		rest = rest[end:]
		err := c.writeReply(c.line)
		if err == nil && c.verb == "EHLO" && len(c.line) > 3 && c.line[3] == '-' && c.secure.offered() {
			err = c.writeParts([]byte("250-STARTTLS\r\n"))
			c.verb = ""
		}
		c.line = c.line[:0]
		if err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// writeReply writes one line of a reply, without the address that go-smtp
// repeats in it.
func (c *lines) writeReply(line []byte) error {
	if len(line) > 3 && line[3] == ' ' {
		c.code, _ = strconv.Atoi(string(line[:3]))
		c.noteReply()
	}
	const codes = len("250 2.0.0 ")
	if len(line) > codes {
		head, text := line[:codes], line[codes:]
		if i := bytes.LastIndexByte(text, mark); i >= 0 {
			return c.writeParts(head, text[i+1:])
		}
		switch open := bytes.IndexByte(text, '<'); {
		case open == 0: // "<recipient> text", a text of go-smtp's own
			_, after, _ := bytes.Cut(text[bytes.LastIndexByte(text, '>')+1:], []byte(" "))
			return c.writeParts(head, bytes.TrimRight(after, "\r\n"), []byte("\r\n"))
		case bytes.HasPrefix(text, []byte("Roger, ")):
			return c.writeParts([]byte("250 2.1.0 "), []byte("sender ok\r\n"))
		case bytes.HasPrefix(text, []byte("I'll make sure ")):
			return c.writeParts([]byte("250 2.1.5 "), []byte("recipient ok\r\n"))
		}
	}
	return c.writeParts(line)
}

func (c *lines) writeParts(parts ...[]byte) error {
	for _, p := range parts {
		if _, err := c.Conn.Write(p); err != nil {
			return err
		}
	}
	return nil
}
