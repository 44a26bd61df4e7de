package mailbridge

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Outlook wraps what MIME cannot say into one part, winmail.dat, in the Transport
// Neutral Encapsulation Format ([MS-OXTNEF]): a list of attributes, the mail's
// first, then those of each attachment.

// tnef lists the files in Outlook's wrapping, and gives its words, which matter
// only where the mail has no others.
func (w *walker) tnef(p part) found {
	t := &tnef{r: bufio.NewReader(&content{l: w.lines, t: newTransfer(p.encoding)}), w: w}
	t.read()
	w.class = t.class
	switch {
	case strings.TrimSpace(t.plain) != "":
		return found{t.plain, wrappedWords}
	case t.page != "" && w.pages <= 2*maxHTML:
		w.pages += len(t.page)
		return found{htmlText(t.page), wrappedWords}
	case t.rich != nil:
		return found{rtfText(inflateRTF(t.rich, maxTNEF)), wrappedWords}
	}
	return found{}
}

// Attributes that matter, without their types ([MS-OXTNEF] §2.1.3.2).
const (
	tnefSignature = 0x223e9f78

	attMessageClass = 0x8008
	attBody         = 0x800c
	attAttachData   = 0x800f
	attAttachTitle  = 0x8010
	attRenderData   = 0x9002 // begins an attachment
	attMessageProps = 0x9003
	attAttachProps  = 0x9005
	attCodePage     = 0x9007
)

// Properties that matter ([MS-OXPROPS]).
const (
	propBody     = 0x1000
	propRTF      = 0x1009
	propHTML     = 0x1013
	propFileName = 0x3707 // the long one
	propMimeTag  = 0x370e
	propHidden   = 0x7ffe
	propCID      = 0x3712
)

const maxTNEF = 512 << 10 // octets of an attribute that are looked at

// tnef is a wrapping being read.
type tnef struct {
	r       *bufio.Reader
	w       *walker
	class   string
	charset string
	plain   string
	page    string
	rich    []byte // compressed
	title   string // of the attachment under way
	files   int    // how many there were before its content
}

var errTNEF = errors.New("not TNEF")

// read goes through the attributes; what is malformed ends it.
func (t *tnef) read() {
	head := make([]byte, 6) // signature and key
	if _, err := io.ReadFull(t.r, head); err != nil || binary.LittleEndian.Uint32(head) != tnefSignature {
		return
	}
	for t.attribute() == nil {
	}
}

// attribute reads level, name, length, content and check sum of one.
func (t *tnef) attribute() error {
	head := make([]byte, 9)
	if _, err := io.ReadFull(t.r, head); err != nil {
		return err
	}
	if head[0] != 1 && head[0] != 2 {
		return errTNEF
	}
	id := binary.LittleEndian.Uint16(head[1:])
	content := io.LimitReader(t.r, int64(binary.LittleEndian.Uint32(head[5:])))
	t.take(id, content)
	if t.w.err != nil {
		return t.w.err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	_, err := t.r.Discard(2)
	return err
}

func (t *tnef) take(id uint16, content io.Reader) {
	if id == attAttachData {
		t.files = len(t.w.files)
		t.w.keep(t.title, "application/octet-stream", content)
		return
	}
	switch id {
	case attMessageClass, attBody, attAttachTitle, attRenderData, attMessageProps, attAttachProps, attCodePage:
	default:
		return
	}
	value, _ := io.ReadAll(io.LimitReader(content, maxTNEF))
	text := func() string { return decodeText(bytes.TrimRight(value, "\x00"), t.charset) }
	switch id {
	case attMessageClass:
		t.class = strings.ToLower(text())
	case attBody:
		t.plain = bounded(text(), MaxText)
	case attRenderData:
		t.title, t.files = "", maxFiles
	case attAttachTitle:
		t.title = fileName(text())
	case attCodePage:
		if len(value) >= 4 {
			t.charset = codePage(binary.LittleEndian.Uint32(value))
		}
	case attMessageProps:
		t.messageProps(value)
	case attAttachProps:
		t.attachProps(value)
	}
}

func (t *tnef) messageProps(value []byte) {
	for id, v := range properties(value) {
		switch id {
		case propBody:
			if t.plain == "" {
				t.plain = bounded(v.text(t.charset), MaxText)
			}
		case propRTF:
			t.rich = v.octets
		case propHTML:
			t.page = bounded(decodeHTML(v.octets, t.charset), maxHTML)
		}
	}
}

// attachProps gives the file that was listed last its long name; one that only
// the page shows is taken off the list.
func (t *tnef) attachProps(value []byte) {
	if t.files >= len(t.w.files) {
		return
	}
	file := &t.w.files[t.files]
	hidden := false
	for id, v := range properties(value) {
		switch id {
		case propFileName:
			if name := fileName(v.text(t.charset)); name != "" {
				file.Name = name
			}
		case propMimeTag:
			if kind, _ := mediaType(v.text(t.charset)); strings.Contains(kind, "/") {
				file.Type = kind
			}
		case propHidden:
			hidden = hidden || len(v.octets) > 0 && v.octets[0] != 0
		case propCID:
			hidden = hidden || len(v.octets) > 1 && strings.Contains(t.page, "cid:"+v.text(t.charset))
		}
	}
	if hidden {
		t.w.files = t.w.files[:t.files]
	}
}

// codePage names the charset of a Windows code page.
func codePage(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 874:
		return "windows-874"
	}
	if n >= 1250 && n <= 1258 {
		return "windows-125" + string(rune('0'+n-1250))
	}
	return ""
}
