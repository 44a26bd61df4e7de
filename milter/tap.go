package milter

import (
	"bytes"
	"encoding/binary"

	"github.com/emersion/go-milter"
)

// tap looks at the frames that go-milter reads, because the parameters of MAIL
// and RCPT (RFC 5321 §4.1.2: NOTIFY, ORCPT, ENVID, RET) are in them and its
// callbacks do not get them. A frame is a length of four octets, a command, and
// what belongs to it (milter-protocol.txt); MAIL and RCPT have the path as the
// client wrote it and the parameters, each ended by NUL.
//
// go-milter reads a frame whole and calls back before it reads on, so in a
// callback the tap holds what belongs to it.
type tap struct {
	head    [5]byte // length and command of the frame, as far as they have come
	seen    int     // octets of head
	left    uint32  // octets of the frame that are yet to come
	kept    []byte  // what belongs to the last MAIL or RCPT
	keeping bool
}

// maxKept is the longest MAIL or RCPT whose parameters are looked at, in octets.
// Postfix and Sendmail take command lines of 2,048.
const maxKept = 64 << 10

// see takes the next octets in.
func (t *tap) see(p []byte) {
	for len(p) > 0 {
		if t.left > 0 {
			n := min(uint32(len(p)), t.left)
			if t.keeping {
				t.kept = append(t.kept, p[:n]...)
			}
			t.left -= n
			p = p[n:]
			continue
		}
		n := copy(t.head[t.seen:], p)
		t.seen += n
		p = p[n:]
		if length := binary.BigEndian.Uint32(t.head[:]); t.seen >= 4 && length == 0 {
			t.seen = copy(t.head[:], t.head[4:t.seen]) // an empty frame: go-milter gives up here
		} else if t.seen == len(t.head) {
			t.begin(milter.Code(t.head[4]), length-1)
		}
	}
}

// begin begins to read what belongs to a command.
func (t *tap) begin(command milter.Code, length uint32) {
	t.seen, t.left = 0, length
	if command != milter.CodeMail && command != milter.CodeRcpt {
		t.keeping = false
		return
	}
	t.kept = t.kept[:0]
	t.keeping = length <= maxKept
}

// parameters gives the parameters of the MAIL or RCPT that was seen last,
// NUL-separated.
func (t *tap) parameters() string {
	_, rest, _ := bytes.Cut(t.kept, []byte{0})
	return string(bytes.TrimRight(rest, "\x00"))
}
