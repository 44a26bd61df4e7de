package mailbridge

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// wrapping writes TNEF.
type wrapping struct{ bytes.Buffer }

func newWrapping() *wrapping {
	w := &wrapping{}
	w.Write(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(nil, tnefSignature), 1))
	return w
}

func (w *wrapping) attribute(level byte, id uint16, value []byte) {
	w.WriteByte(level)
	head := binary.LittleEndian.AppendUint16(nil, id)
	head = binary.LittleEndian.AppendUint16(head, 6) // the type
	w.Write(binary.LittleEndian.AppendUint32(head, uint32(len(value))))
	w.Write(value)
	sum := uint16(0)
	for _, b := range value {
		sum += uint16(b)
	}
	w.Write(binary.LittleEndian.AppendUint16(nil, sum))
}

// prop is one of a list, with its type and identifier.
func prop(kind, id uint16, value []byte) []byte {
	p := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, kind), id)
	if id >= 0x8000 {
		p = append(p, make([]byte, 16)...)
		p = binary.LittleEndian.AppendUint32(p, 1)
		p = binary.LittleEndian.AppendUint32(p, 6)
		p = append(p, "a\x00b\x00c\x00\x00\x00"...)
	}
	if fixedSize(kind) > 0 {
		return append(p, value...)
	}
	p = binary.LittleEndian.AppendUint32(p, 1)
	p = binary.LittleEndian.AppendUint32(p, uint32(len(value)))
	p = append(p, value...)
	return append(p, make([]byte, int(padded(uint32(len(value))))-len(value))...)
}

func propertyList(all ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(all))), bytes.Join(all, nil)...)
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func (w *wrapping) file(title, content string, props ...[]byte) {
	w.attribute(2, attRenderData, make([]byte, 14))
	w.attribute(2, attAttachTitle, []byte(title+"\x00"))
	w.attribute(2, attAttachData, []byte(content))
	w.attribute(2, attAttachProps, propertyList(props...))
}

func testWrapping() *wrapping {
	w := newWrapping()
	w.attribute(1, attCodePage, binary.LittleEndian.AppendUint64(nil, 1252))
	w.attribute(1, attMessageClass, []byte("IPM.Note\x00"))
	w.attribute(1, attMessageProps, propertyList(
		prop(0x40, 0x39, make([]byte, 8)), prop(0x1f, 0x8005, wide("named")), prop(0x0b, 0x0e1f, make([]byte, 4)),
		prop(0x102, propHTML, []byte("<p>Gr\xfc\xdfe<img src=\"cid:logo@x\">"))))
	w.file("PLAN~1.PDF", "%PDF-1.4", prop(0x1f, propFileName, wide("der große Plan.pdf")), prop(0x1e, propMimeTag, []byte("application/pdf\x00")))
	w.file("image001.png", "PNG", prop(0x1e, propCID, []byte("logo@x\x00")))
	w.file("hidden.bin", "x", prop(0x0b, propHidden, []byte{1, 0, 0, 0}))
	w.file("c:\\t\\a.txt", "abc")
	return w
}

func wrapped(content []byte, with ...string) string {
	return eml(append(append([]string{"Content-Type: multipart/mixed; boundary=aa", "", "--aa"}, with...),
		"--aa", "Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=winmail.dat", "",
		base64.StdEncoding.EncodeToString(content), "--aa--")...)
}

func TestWrapping(t *testing.T) {
	const files = "der große Plan.pdf application/pdf 8; a.txt application/octet-stream 3"
	content := testWrapping().Bytes()
	m := read(t, wrapped(content, "", "mine"))
	if m.Body != "mine" || listed(m.Attachments) != files {
		t.Errorf("got %q, %q", m.Body, listed(m.Attachments))
	}
	m = read(t, wrapped(content, "", ""))
	if m.Body != "Grüße" || listed(m.Attachments) != files {
		t.Errorf("without words of its own: got %q, %q", m.Body, listed(m.Attachments))
	}
	shelf := &memoryShelf{}
	if _, err := (Reader{Shelf: shelf}).Read(strings.NewReader(wrapped(content, "", ""))); err != nil || shelf.files["a.txt"] != "application/octet-stream abc" {
		t.Errorf("kept %q, %v", shelf.files, err)
	}
	// Wherever it breaks off, what came before is there.
	for n := range content {
		m := read(t, wrapped(content[:n], "", "mine"))
		if m.Body != "mine" || len(m.Attachments) > 4 {
			t.Errorf("%d octets: got %q, %q", n, m.Body, listed(m.Attachments))
		}
	}
}

func TestWrappedPlainText(t *testing.T) {
	w := newWrapping()
	w.attribute(1, attCodePage, binary.LittleEndian.AppendUint64(nil, 1251))
	w.attribute(1, attBody, []byte("\xcf\xf0\xe8\xe2\xe5\xf2\x00"))
	if m := read(t, wrapped(w.Bytes(), "", "")); m.Body != "Привет" {
		t.Errorf("got %q", m.Body)
	}
	w = newWrapping()
	w.attribute(1, attMessageProps, propertyList(prop(0x1f, propBody, wide("Привет 😀"))))
	if m := read(t, wrapped(w.Bytes(), "", "")); m.Body != "Привет 😀" {
		t.Errorf("got %q", m.Body)
	}
	w = newWrapping()
	w.attribute(1, attMessageClass, []byte("REPORT.IPM.Note.IPNRN\x00"))
	if m := read(t, wrapped(w.Bytes(), "", "Read.")); m.Kind("x@example.org") != "report" {
		t.Errorf("kind %s", m.Kind("x@example.org"))
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(testWrapping().Bytes())
	w := newWrapping()
	w.attribute(1, attMessageProps, propertyList(prop(0x101f, propBody, wide("a"))))
	f.Add(w.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		m := read(t, wrapped(content, "", ""))
		if len(m.Body) > MaxText || len(m.Attachments) > maxFiles {
			t.Errorf("%d octets, %d files", len(m.Body), len(m.Attachments))
		}
		for _, a := range m.Attachments {
			if a.Size > int64(len(content)) || strings.ContainsAny(a.Name, "/\\\r\n\x00") {
				t.Errorf("%+v", a)
			}
		}
	})
}
