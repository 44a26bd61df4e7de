package mailbridge

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

var words = mime.WordDecoder{CharsetReader: charsetReader}

// decodeWords decodes RFC 2047 encoded words, and raw 8-bit text as seen in the
// wild. The result is one line of valid UTF-8.
func decodeWords(s string) string {
	if strings.Contains(s, "=?") {
		if decoded, err := words.DecodeHeader(s); err == nil {
			s = decoded
		}
	}
	if !utf8.ValidString(s) {
		s = guess([]byte(s))
	}
	return oneLine(s)
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
	if v == "" {
		return ""
	}
	parser := mail.AddressParser{WordDecoder: &words}
	if list, err := parser.ParseList(v); err == nil && len(list) > 0 {
		return list[0].Address
	}
	if _, after, ok := strings.Cut(v, "<"); ok {
		addr, _, _ := strings.Cut(after, ">")
		return oneLine(addr)
	}
	return ""
}

func dateOf(v string) time.Time {
	t, err := mail.ParseDate(v)
	if err != nil {
		return time.Time{}
	}
	return t
}

// mediaType reads a Content-Type or Content-Disposition, malformed ones too:
// names and the type are in lower case.
func mediaType(v string) (string, map[string]string) {
	if t, params, err := mime.ParseMediaType(v); err == nil {
		return t, params
	}
	pieces := strings.Split(v, ";")
	params := make(map[string]string)
	for _, p := range pieces[1:] {
		name, value, _ := strings.Cut(p, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, known := params[name]; !known {
			params[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(pieces[0])), params
}
