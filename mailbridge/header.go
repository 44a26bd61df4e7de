package mailbridge

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// maxHeader bounds the header that is kept, in octets; what follows is read and
// forgotten.
const maxHeader = 256 << 10

// maxReferences bounds a thread: the first mail and the latest ones are kept,
// as RFC 5322 §3.6.4 lets an agent that must shorten it.
const maxReferences = 20

// header reads the fields up to the blank line. A line that is no field ends
// the header and belongs to the body, as Postfix and Sendmail see it.
func (l *lines) header() Header {
	var h Header
	var value []byte
	size := 0
	end := func() {
		if len(h) > 0 {
			h[len(h)-1].Value = string(bytes.TrimSpace(value))
		}
	}
	defer end()
	for first := true; ; first = false {
		line, ok := l.next()
		if !ok {
			return h
		}
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			return h
		}
		if first && (bytes.HasPrefix(text, []byte("From ")) || bytes.HasPrefix(text, []byte(">From "))) {
			continue // the separator line of an mbox
		}
		size += len(text)
		if text[0] == ' ' || text[0] == '\t' {
			if size < maxHeader {
				value = append(value, text...)
			}
			continue
		}
		name, v, ok := fieldOf(text)
		if !ok {
			l.back()
			return h
		}
		if size < maxHeader {
			end()
			h, value = append(h, Field{Name: string(name)}), append(value[:0], v...)
		}
	}
}

// fieldOf splits "Name: value". White space before the colon is obsolete
// syntax (RFC 5322 §4.5) and still seen.
func fieldOf(line []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return nil, nil, false
	}
	name = bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return nil, nil, false
		}
	}
	return name, line[colon+1:], len(name) > 0
}

// oneLine makes control characters and runs of white space a single space.
func oneLine(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] > ' ' && s[i] < 0x7f || s[i] == ' ' && i > 0 && s[i-1] != ' '
	}
	if plain && !strings.HasSuffix(s, " ") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// msgIDs gives the msg-ids in a field, without angle brackets. One written
// without brackets is understood if it stands alone.
func msgIDs(v string) []string {
	var ids []string
	for rest := v; ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		id, more, ok := strings.Cut(after, ">")
		if !ok {
			break
		}
		if id = cleanID(id); id != "" {
			ids = append(ids, id)
		}
		rest = more
	}
	if ids == nil {
		if id := cleanID(v); id != "" && strings.Contains(id, "@") {
			ids = []string{id}
		}
	}
	return ids
}

// cleanID gives the msg-id if it can stand in a header again, or "".
func cleanID(id string) string {
	id = strings.TrimSpace(id)
	if len(id) > 900 || strings.ContainsFunc(id, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '<' || r == '>'
	}) {
		return ""
	}
	return id
}

// thread joins References and In-Reply-To.
func thread(h Header) (inReplyTo string, references []string) {
	references = msgIDs(h.Get("References"))
	if ids := msgIDs(h.Get("In-Reply-To")); len(ids) > 0 {
		inReplyTo = ids[0]
	}
	if n := len(references); inReplyTo != "" && (n == 0 || references[n-1] != inReplyTo) {
		references = append(references, inReplyTo)
	}
	if n := len(references); n > maxReferences {
		references = append(references[:1:1], references[n-maxReferences+1:]...)
	}
	if n := len(references); inReplyTo == "" && n > 0 {
		inReplyTo = references[n-1]
	}
	return inReplyTo, references
}

// author gives the address of the first author.
func author(v string) string {
	_, addr := authorOf(v)
	return addr
}

// authorOf gives display name and address of the first author.
func authorOf(v string) (name, addr string) {
	const longest = 8 << 10
	v = bounded(v, longest)
	first := ""
	for _, piece := range splitList(v) { // a name with a comma in it needs quotes, and does not always have them
		if first += piece; strings.Contains(piece, "@") {
			break
		}
	}
	name, addr = namedAddress(first)
	if list, err := mail.ParseAddressList(v); err == nil && len(list) > 0 {
		addr = list[0].Address
	}
	if _, domain, ok := strings.Cut(addr, "@"); !ok || domain == "" {
		addr = ""
	}
	return name, addr
}

func dateOf(v string) time.Time {
	t, err := mail.ParseDate(v)
	if err != nil {
		return time.Time{}
	}
	return t
}
