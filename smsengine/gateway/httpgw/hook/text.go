package hook

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
	"github.com/postel-mail/postel/smsengine/sms"
)

// text reads a text from a phone. The error says why it is none.
func (r *Reader) text(c *caller, d *provider.Document) (p smsengine.IncomingPart, err error) {
	in := r.provider.Incoming
	p = smsengine.IncomingPart{
		From: r.number(d.First(in.From)), To: r.number(d.First(in.To)),
		Sent: readTime(d.First(in.Time), in.TimeForms), Received: c.now,
		Seq: 1, Total: 1,
	}
	if p.From.IsZero() {
		return p, errors.New("a text without a sender")
	}
	if p.To.IsZero() {
		p.To = r.own
	}
	if p.UDH, err = r.octets(d, in.UDH); err != nil {
		return p, errors.New("a text with a header that is not encoded as the provider file says")
	}
	if p.Data, err = r.octets(d, in.Data); err != nil {
		return p, errors.New("a binary message that is not encoded as the provider file says")
	}
	joined(&p)
	if p.Data == nil {
		p.Text, p.UDH = sms.Normalize(r.words(c, d)), nil
	}
	numbered(&p, d.First(in.Ref), d.First(in.Seq), d.First(in.Total))
	if id := d.First(in.ID); id != "" {
		p.Dedupe = id
		if p.Total > 1 {
			p.Dedupe += "/" + strconv.Itoa(p.Seq)
		}
	}
	return p, nil
}

// octets reads a binary value; nil if there is none.
func (r *Reader) octets(d *provider.Document, w provider.Where) ([]byte, error) {
	s := strings.TrimSpace(d.First(w))
	if w.IsZero() || s == "" {
		return nil, nil
	}
	if r.provider.Incoming.Encoding == "hex" {
		return hex.DecodeString(s)
	}
	return decode64(s)
}

// decode64 reads base64 in either alphabet, padded or not. A "+" that a form
// made a space is one again.
func decode64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", " ", "+", "\r", "", "\n", "").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}

// Information elements of a user data header that join parts (3GPP TS 23.040
// §9.2.3.24.1, §9.2.3.24.8).
const concat8, concat16 = 0x00, 0x08

// joined takes the elements that join parts out of the header, which then is nil
// if nothing is left. A header may come without its length octet.
func joined(p *smsengine.IncomingPart) {
	udh := p.UDH
	p.UDH = nil
	if len(udh) == 0 {
		return
	}
	if int(udh[0]) != len(udh)-1 {
		whole, err := sms.Header(udh)
		if err != nil {
			return
		}
		udh = whole
	}
	c, found, err := sms.ParseUDH(udh)
	if err != nil {
		return
	}
	if found {
		p.Ref, p.Seq, p.Total = int(c.Ref), c.Seq, c.Total
	}
	var rest []byte
	for e := udh[1:]; len(e) >= 2; {
		end := min(2+int(e[1]), len(e))
		if e[0] != concat8 && e[0] != concat16 {
			rest = append(rest, e[:end]...)
		}
		e = e[end:]
	}
	if len(rest) > 0 {
		p.UDH = append([]byte{byte(len(rest))}, rest...)
	}
}

// numbered takes the numbers of a part that comes with them in fields of their
// own. Numbers that make no sense count as none.
func numbered(p *smsengine.IncomingPart, ref, seq, total string) {
	n, errTotal := strconv.Atoi(total)
	i, errSeq := strconv.Atoi(seq)
	if errTotal != nil || errSeq != nil || n < 2 || n > sms.MaxParts || i < 1 || i > n {
		return
	}
	p.Seq, p.Total = i, n
	p.Ref, _ = strconv.Atoi(ref)
	if p.Ref < 0 || p.Ref > 1<<31-1 {
		p.Ref = 0
	}
}

// words gives what a text says.
func (r *Reader) words(c *caller, d *provider.Document) string {
	in := r.provider.Incoming
	s := d.First(in.Text)
	charset := strings.TrimSpace(d.First(in.Charset))
	if containsFold(in.PercentCoded, charset) && charset != "" {
		if u, err := url.QueryUnescape(s); err == nil {
			return decodeCharset(u, charset)
		}
		return s
	}
	if where := in.Text.String(); strings.HasPrefix(where, "json:") ||
		strings.HasPrefix(where, "form:") && c.form == nil && len(c.Body) > 0 {
		return s // JSON is Unicode, whatever the phone's charset was
	}
	if charset == "" {
		charset = c.charset
	}
	return decodeCharset(s, charset)
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// decodeCharset makes UTF-8 of octets. What is in no known charset is UTF-8 if
// it can be, or else Windows-1252, in which every octet is something.
func decodeCharset(s, name string) string {
	if e, ok := template.Charset(name); ok && e != unicode.UTF8 {
		if u, err := e.NewDecoder().String(s); err == nil {
			return u
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	u, _ := charmap.Windows1252.NewDecoder().String(s)
	return u
}
