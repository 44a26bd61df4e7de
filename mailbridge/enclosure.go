package mailbridge

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// enclosure is what a binary message holds, as a file in the mail.
type enclosure struct {
	sentence   string // what it is, for people
	name, kind string // file name and media type, ASCII
	data       []byte
}

// enclose tells what data is by the port that it was sent to (3GPP TS 23.040
// §9.2.3.24.3, .4; the numbers are IANA's for WAP).
func enclose(data, udh []byte, l *wording.Language) enclosure {
	e := enclosure{l.Data, "message.bin", "application/octet-stream", data}
	switch port, _ := portOf(udh); port {
	case 9204: // wap-vcard
		e.sentence, e.name, e.kind = l.Card, "card.vcf", "text/vcard"
	case 9205: // wap-vcal
		e.sentence, e.name, e.kind = l.Event, "event.vcs", "text/x-vcalendar"
	case 2948, 2949: // wap-push, wap-pushsecure
		e.sentence, e.name, e.kind = l.Push, "push.wsp", "application/octet-stream"
	}
	e.sentence = wrap(wording.Fill(e.sentence, "size", strconv.Itoa(len(data))))
	if len(udh) > 0 {
		e.sentence += "\n\n" + wrap(wording.Fill(l.Header, "header", fmt.Sprintf("% X", udh)))
	}
	return e
}

// portOf gives the port that a user data header names for the receiver.
func portOf(udh []byte) (port int, ok bool) {
	if len(udh) == 0 {
		return 0, false
	}
	const ports8, ports16 = 0x04, 0x05
	for rest := udh[1:]; len(rest) >= 2 && len(rest) >= 2+int(rest[1]); rest = rest[2+int(rest[1]):] {
		switch value := rest[2 : 2+int(rest[1])]; {
		case rest[0] == ports8 && len(value) == 2:
			port, ok = int(value[0]), true
		case rest[0] == ports16 && len(value) == 4:
			port, ok = int(binary.BigEndian.Uint16(value)), true
		}
	}
	return port, ok
}

// enclosing writes the body of a mail with a text and a file.
func (w *writer) enclosing(id smsengine.MessageID, text string, e enclosure) {
	words, file := newWriter(), newWriter()
	words.textPart(text)
	file.line("Content-Type: " + e.kind + `; name="` + e.name + `"`)
	file.line("Content-Transfer-Encoding: base64")
	file.line(`Content-Disposition: attachment; filename="` + e.name + `"`)
	file.line("")
	file.base64(string(e.data))
	boundary := boundary(id, words.Bytes(), file.Bytes())
	w.line("MIME-Version: 1.0")
	w.line(`Content-Type: multipart/mixed; boundary="` + boundary + `"`)
	w.line("")
	w.part(boundary, "", words.Bytes())
	w.part(boundary, "", file.Bytes())
	w.line("--" + boundary + "--")
}
