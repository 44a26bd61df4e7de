package milter

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// reading is a mail that is read while it comes in, so that its attachments are
// never in memory.
type reading struct {
	pipe   *io.PipeWriter
	room   int64 // octets that may still come
	inBody bool
	over   error // why nothing more is read

	done    chan struct{}        // closed when what follows is known
	mail    *mailbridge.Received // nil for the null sender's
	bounces int                  // mails of ours that the null sender's mail brings back
	err     error
}

// errTooBig is the answer to a mail above the limit.
var errTooBig = smsengine.Fail("milter", smsengine.Permanent, "5.3.4", "the mail is too big for a text message", nil)

// read gives the reading of the mail under way. It begins with a trace line, as
// what is handed to a transport does: the MTA does not show a milter its own, and
// a mail without Date and Message-ID is known by it.
func (s *session) read(m *milter.Modifier) *reading {
	if s.mail.reading == nil {
		pipe, w := io.Pipe()
		r := &reading{pipe: w, room: s.MaxSize, done: make(chan struct{})}
		go func() {
			defer close(r.done)
			defer func() {
				if p := recover(); p != nil {
					s.Log.Error("panic", "door", "milter", "panic", phone.Redact(fmt.Sprint(p)), "stack", string(debug.Stack()))
					r.err = errFault
					_ = pipe.CloseWithError(errFault)
				}
			}()
			if s.mail.from == "" {
				r.bounces, r.err = s.Letters.Bounced(context.Background(), s.Desk, pipe)
				return
			}
			r.mail, r.err = s.Letters.Open(pipe)
		}()
		s.mail.reading = r
		r.field("Received", "by milter id "+cmp.Or(m.Macros[macroQueue], s.Now().Format(time.RFC3339Nano)))
	}
	return s.mail.reading
}

// field takes a field of the header in.
func (r *reading) field(name, value string) {
	r.write(name + ": " + strings.ReplaceAll(value, "\n", "\r\n") + "\r\n")
}

// body takes a piece of the body in.
func (r *reading) body(chunk []byte) {
	if !r.inBody {
		r.inBody = true
		r.write("\r\n")
	}
	r.write(string(chunk))
}

func (r *reading) write(text string) {
	if r.over != nil {
		return
	}
	if r.room -= int64(len(text)); r.room < 0 {
		r.over = errTooBig
		_ = r.pipe.CloseWithError(errTooBig)
		return
	}
	if _, err := io.WriteString(r.pipe, text); err != nil {
		r.over = err
	}
}

// end waits until the mail is read.
func (r *reading) end() error {
	_ = r.pipe.Close()
	<-r.done
	if r.over != nil {
		return r.over
	}
	return r.err
}

// close ends a reading, whether somebody wanted it or not.
func (r *reading) close() {
	if r != nil {
		_ = r.pipe.CloseWithError(io.ErrUnexpectedEOF)
		<-r.done
		r.mail.Close()
	}
}
