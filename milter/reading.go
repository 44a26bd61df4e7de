package milter

import (
	"cmp"
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

	done chan struct{} // closed when what follows is known
	mail mailbridge.Mail
	err  error
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
			r.mail, r.err = mailbridge.Read(pipe)
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

// end gives the whole mail.
func (r *reading) end() (mailbridge.Mail, error) {
	_ = r.pipe.Close()
	<-r.done
	if r.over != nil {
		return mailbridge.Mail{}, r.over
	}
	return r.mail, r.err
}

// cancel ends a reading that nobody wants any more.
func (r *reading) cancel() {
	if r != nil {
		_ = r.pipe.CloseWithError(io.ErrUnexpectedEOF)
	}
}
