package mailbridge

import (
	"bytes"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// walker goes through the parts of a mail, in their order, once: it finds the
// words, and lists the files.
type walker struct {
	*lines
	shelf Shelf
	parts int
	cids  []string // the Content-IDs of what the pages show
	files []smsengine.Attachment
	traits
	read      bool  // words were found
	pages     int   // octets of pages that were looked at
	settled   bool  // in an alternative: there is plain text, and no page is better
	encrypted bool  // some part was
	err       error // of the shelf
}

// rank says how good a source of words is: the best of alternatives wins (RFC
// 2046 §5.1.4 puts plain text first, not everybody does).
type rank uint8

const (
	calendarWords rank = iota
	wrappedWords       // in Outlook's wrapping
	pageWords
	plainWords
)

// found is a text that was found.
type found struct {
	text string
	rank rank
}

func (f found) empty() bool { return strings.TrimSpace(f.text) == "" }

// or gives the better one of two alternatives, the first of equal ones.
func (f found) or(g found) found {
	if g.empty() || !f.empty() && f.rank >= g.rank {
		return f
	}
	return g
}

// and joins what stands one below the other, as Apple Mail writes text around a
// picture, and lists their footer. A page below plain text says the same again.
func (f found) and(g found) found {
	switch {
	case g.empty() || !f.empty() && (g.rank < pageWords || f.rank == plainWords && g.rank == pageWords):
		return f
	case f.empty() || f.rank < pageWords:
		return g
	case len(f.text)+len(g.text) > MaxText:
		return f
	}
	return found{text: strings.TrimRight(f.text, "\r\n") + "\n" + g.text, rank: f.rank}
}

// entity reads a mail or a part whose header was just read (RFC 2045 §2.4).
// around is the type of the multipart that it stands in, "" if there is none.
func (w *walker) entity(h Header, around string, depth int) found {
	p := newPart(h)
	switch w.roleOf(p, around, depth) {
	case roleParts:
		if depth < maxDepth {
			return w.multipart(p, depth)
		}
	case rolePlain:
		return w.plain(p)
	case rolePage:
		return w.page(p)
	case roleCalendar:
		return found{calendarLine(decodeText(w.octets(p, MaxText), p.charset())), calendarWords}
	case roleFile:
		w.attach(p)
	case roleMail:
		w.attachMail(p)
	case roleStatus:
		w.status(p)
	case roleCMS:
		if depth < maxDepth {
			return w.cms(p, depth)
		}
	case roleTNEF:
		return w.tnef(p)
	}
	return found{}
}

// page reads a page, if only to know what pictures it shows. A mail of many pages
// has had its share with the first of them.
func (w *walker) page(p part) found {
	if w.pages > 2*maxHTML {
		return found{}
	}
	source := w.octets(p, maxHTML)
	w.pages += len(source)
	w.cids = append(w.cids, shown(string(source))...)
	if w.settled {
		return found{}
	}
	w.read = true
	return found{htmlText(decodeHTML(source, p.charset())), pageWords}
}

func (w *walker) plain(p part) found {
	text := decodeText(w.octets(p, MaxText), p.charset())
	if strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	if p.kind == "text/enriched" || p.kind == "text/richtext" {
		text = enrichedText(text)
	}
	text, encrypted := unarmour(plainLinks(text))
	w.encrypted = w.encrypted || encrypted
	w.read = w.read || strings.TrimSpace(text) != ""
	return found{text, plainWords}
}

// multipart reads the parts. A multipart in which no boundary is ever seen is
// what it looks like: plain text.
func (w *walker) multipart(p part, depth int) found {
	preamble := w.open(p.params["boundary"])
	level := len(w.marks) - 1
	settled := w.settled
	var all found
	n := 0
	for w.hit == level && !w.last && w.parts < maxParts {
		w.hit = -1
		w.parts++
		n++
		h := w.header()
		switch p.kind {
		case "multipart/encrypted": // RFC 1847 §2.2
			w.encrypted = true
		case "multipart/signed": // the second part is the signature, RFC 1847 §2.1
			if n == 1 {
				all = w.entity(h, p.kind, depth+1)
			}
		case "multipart/alternative":
			all = all.or(w.entity(h, p.kind, depth+1))
			w.settled = w.settled || all.rank == plainWords && !all.empty()
		case "multipart/related":
			all = all.or(w.entity(h, p.kind, depth+1))
		default:
			all = all.and(w.entity(h, p.kind, depth+1))
		}
		w.skip()
	}
	w.marks, w.settled = w.marks[:level], settled
	if w.hit >= level {
		w.hit = -1 // what is left belongs to the part around it
	}
	if n == 0 {
		return found{decodeText(preamble, ""), plainWords}
	}
	return all
}

// open reads up to the first boundary and gives what stood before it. Without a
// boundary parameter the first line that looks like one is taken; with a wrong
// one, the first that has a header of a part below it.
func (w *walker) open(boundary string) (preamble []byte) {
	known := boundary != ""
	w.marks = append(w.marks, []byte("--"+boundary))
	mark := &w.marks[len(w.marks)-1]
	if !known {
		*mark = nil
	}
	for {
		line, ok := w.next()
		if !ok {
			return preamble
		}
		if text := bytes.TrimRight(line, " \t\r\n"); len(text) > 2 && bytes.HasPrefix(text, []byte("--")) {
			text = bytes.Clone(text)
			if !known || w.comes("content-") {
				*mark = text
				w.hit, w.last = len(w.marks)-1, false
				return preamble
			}
			line = append(text, '\n')
		}
		if len(preamble) < MaxText {
			preamble = append(preamble, line...)
		}
	}
}

// octets gives the decoded body, up to about limit.
func (w *walker) octets(p part, limit int) []byte {
	t := newTransfer(p.encoding)
	t.text = true
	var body []byte
	for len(body) < limit {
		line, ok := w.next()
		if !ok {
			break
		}
		if name, begins := uuBegins(line); begins && t.plain {
			line = bytes.Clone(line)
			if uuLine(w.peek()) {
				w.attachUU(name)
				continue
			}
		}
		body = t.decode(t, body, line)
	}
	return body[:min(len(body), limit)]
}
