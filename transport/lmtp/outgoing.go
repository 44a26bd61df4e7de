package lmtp

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// Bounds of a mail that is relayed.
const (
	maxHops   = 50        // Received fields, as RFC 5321 §6.3 has it: more is a loop
	maxHeader = 256 << 10 // octets
)

// outgoing gives the mail as it is relayed: its header, rewritten under a trace
// line, and a reader of the rest. secrets are what must not be in it. The error
// is a reply.
func (s *session) outgoing(trace string, secrets []string, mail io.Reader) (header, body io.Reader, err error) {
	r := bufio.NewReader(mail)
	h, err := readHeader(r)
	if err != nil {
		return nil, nil, s.brokeOff(err)
	}
	if h == nil {
		return nil, nil, reply(smsengine.Status{Class: smsengine.Permanent, Code: "5.3.4", Text: "the header of the mail is too long"})
	}
	if h.count("Received") >= maxHops {
		return nil, nil, reply(smsengine.Status{Class: smsengine.Permanent, Code: "5.4.6", Text: "the mail goes round in circles: it has been through too many servers"})
	}
	var b bytes.Buffer
	b.WriteString(trace)
	scrubber := mailbridge.Scrubber{Phones: s.Phones, Known: secrets}
	for _, f := range h {
		if !f.private() {
			b.WriteString(f.scrubbed(scrubber))
		}
	}
	if h.count("Date") == 0 { // RFC 6409 §8.2, §8.3
		fmt.Fprintf(&b, "Date: %s\r\n", s.Now().Format(time.RFC1123Z))
	}
	if h.count("Message-ID") == 0 {
		fmt.Fprintf(&b, "Message-ID: <%s@%s>\r\n", rand.Text(), s.Host)
	}
	b.WriteString("\r\n")
	return &b, r, nil
}

// field is a header field with its line ends, folded as it came.
type field string

type fields []field

// readHeader reads the header up to and with the blank line, or up to a line
// that is none of a header. It gives nil if the header is too long.
func readHeader(r *bufio.Reader) (fields, error) {
	h, size := fields{}, 0
	var last []byte // the field being read
	end := func() {
		if len(last) > 0 {
			h, last = append(h, field(last)), nil
		}
	}
	for {
		next, err := r.Peek(1)
		if err != nil && err != io.EOF {
			return nil, err
		}
		folded := len(last) > 0 && len(next) > 0 && (next[0] == ' ' || next[0] == '\t')
		if !folded {
			end()
			if !startsField(r) {
				skipBlank(r)
				return h, nil
			}
		}
		line, err := r.ReadString('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		if size += len(line); size > maxHeader {
			return nil, nil
		}
		last = append(append(last, strings.TrimRight(line, "\r\n")...), "\r\n"...)
	}
}

// startsField reports whether the next line begins as "Name:" does. Names are
// short.
func startsField(r *bufio.Reader) bool {
	for n := 1; n <= 200; n++ {
		b, err := r.Peek(n)
		if err != nil || b[n-1] < ' ' || b[n-1] >= 0x7f {
			return false
		}
		if b[n-1] == ':' {
			return n > 1 && !bytes.ContainsRune(bytes.TrimRight(b[:n-1], " "), ' ')
		}
	}
	return false
}

// skipBlank passes over the blank line that ends a header, if that is what ended
// it.
func skipBlank(r *bufio.Reader) {
	if b, _ := r.Peek(2); bytes.Equal(b, []byte("\r\n")) {
		_, _ = r.Discard(2)
	} else if len(b) > 0 && b[0] == '\n' {
		_, _ = r.Discard(1)
	}
}

func (f field) name() string {
	name, _, _ := strings.Cut(string(f), ":")
	return strings.TrimRight(name, " \t")
}

func (h fields) count(name string) (n int) {
	for _, f := range h {
		if strings.EqualFold(f.name(), name) {
			n++
		}
	}
	return n
}

// private reports whether the field is not for whoever reads the mail.
func (f field) private() bool {
	switch strings.ToLower(f.name()) {
	case "bcc", "resent-bcc", strings.ToLower(mailbridge.TicketHeader):
		return true
	}
	return false
}

// scrubbed is the field without the secrets of phone addresses.
func (f field) scrubbed(by mailbridge.Scrubber) string {
	name, value, _ := strings.Cut(string(f), ":")
	value, changed := by.Field(f.name(), strings.ReplaceAll(strings.TrimSuffix(value, "\r\n"), "\r\n", "\n"))
	if !changed {
		return string(f)
	}
	lines := strings.Split(" "+strings.Trim(value, " \t\r\n"), "\n")
	for i, line := range lines[1:] {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			lines[i+1] = " " + line // it stays one field
		}
	}
	return name + ":" + strings.Join(lines, "\r\n") + "\r\n"
}

// received is our trace line (RFC 5321 §4.4), with the keywords of RFC 3848.
func (s *session) received() string {
	protocol, secured := "ESMTP", ""
	if state, ok := s.conn.TLS(); ok {
		protocol += "S"
		secured = fmt.Sprintf("\r\n\t(%s %s)", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	}
	if s.login.Method != "" {
		protocol += "A"
	}
	from := "local socket"
	if s.ip.IsValid() {
		from = "[" + s.peer + "]"
	}
	return fmt.Sprintf("Received: from %s (%s)\r\n\tby %s (Postel) with %s id %s%s;\r\n\t%s\r\n",
		hostname(s.helo()), from, s.Host, protocol, rand.Text()[:12], secured, s.Now().Format(time.RFC1123Z))
}

// hostname is what a client calls itself if that can stand in a trace line.
func hostname(helo string) string {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
	if helo == "" || len(helo) > 255 || strings.Trim(helo, allowed) != "" {
		return "unknown"
	}
	return helo
}
