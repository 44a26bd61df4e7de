package lmtp

import (
	"bytes"
	"strconv"
	"strings"
)

// parseChunk tells what a BDAT command announces and the number of octets that
// follow it; noChunk for one that go-smtp refuses as malformed, for it takes no
// octets then.
func parseChunk(arg string) (chunk, int64) {
	fields := strings.Fields(arg)
	if len(fields) == 0 || len(fields) > 2 || len(fields) == 2 && !strings.EqualFold(fields[1], "LAST") {
		return noChunk, 0
	}
	size, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil {
		return noChunk, 0
	}
	if len(fields) == 2 {
		return lastChunk, int64(size)
	}
	return someChunk, int64(size)
}

// endOfData finds the end of a mail, CRLF dot CRLF (RFC 5321 §4.1.1.4), exactly
// where go-smtp finds it: a bare CR or LF ends no line, so no two of us can
// see different mails.
type endOfData struct{ state byte }

const (
	atStart byte = iota // of a line
	atDot               // after a dot at the start of a line
	atDotCR
	atCR
	inLine
	atEnd
)

// scan gives the number of octets of b that belong to the mail.
func (e *endOfData) scan(b []byte) int {
	for i := 0; i < len(b); i++ {
		if e.state == inLine {
			skip := bytes.IndexByte(b[i:], '\r')
			if skip < 0 {
				return len(b)
			}
			i += skip
		}
		if e.state = e.next(b[i]); e.state == atEnd {
			return i + 1
		}
	}
	return len(b)
}

func (e *endOfData) next(c byte) byte {
	switch {
	case e.state == atStart && c == '.':
		return atDot
	case e.state == atDot && c == '\r':
		return atDotCR
	case e.state == atDotCR && c == '\n':
		return atEnd
	case e.state == atCR && c == '\n':
		return atStart
	case (e.state == atStart || e.state == inLine) && c == '\r':
		return atCR
	}
	return inLine
}

func (e *endOfData) found() bool { return e.state == atEnd }
