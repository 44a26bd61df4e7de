package mailbridge

import (
	"bytes"
	"strings"
)

// walker looks for the words in the parts of a mail.
type walker struct {
	*lines
	parts int
}

// found is a text that was found. A plain one ends the search; HTML stays only
// until an alternative in plain text comes.
type found struct {
	text string
	html bool
}

func (f found) empty() bool { return strings.TrimSpace(f.text) == "" }

// entity reads a mail or a part whose header was just read (RFC 2045 §2.4).
func (w *walker) entity(h Header, depth int) found {
	kind, params := mediaType(h.Get("Content-Type"))
	if disposition := h.keyword("Content-Disposition"); disposition == "attachment" {
		return found{}
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if depth == maxDepth {
			return found{}
		}
		return w.multipart(params["boundary"], kind == "multipart/alternative", depth)
	case kind == "text/html":
		page := decodeHTML(w.octets(h, maxHTML), params["charset"])
		return found{text: htmlText(page), html: true}
	case kind == "text/plain", !strings.Contains(kind, "/"):
		text := decodeText(w.octets(h, MaxText), params["charset"])
		if strings.EqualFold(params["format"], "flowed") {
			text = unflow(text, strings.EqualFold(params["delsp"], "yes"))
		}
		return found{text: text}
	}
	return found{}
}

// multipart reads the parts. The first one with words in it wins; among
// alternatives plain text wins over HTML (RFC 2046 §5.1.4 puts it first, not
// everybody does). A multipart in which no boundary is ever seen is what it
// looks like: plain text.
func (w *walker) multipart(boundary string, alternative bool, depth int) found {
	preamble := w.open(boundary)
	level := len(w.marks) - 1
	var best found
	seen := false
	for w.hit == level && !w.last && w.parts < maxParts {
		w.hit, seen = -1, true
		w.parts++
		f := w.entity(w.header(), depth+1)
		if !f.empty() && (best.empty() || best.html && !f.html) {
			best = f
		}
		if !best.empty() && (!alternative || !best.html) {
			break
		}
		w.skip()
	}
	w.marks = w.marks[:level]
	if w.hit >= level {
		w.hit = -1 // what is left belongs to the part around it
	}
	if !seen {
		return found{text: decodeText(preamble, "")}
	}
	return best
}

// open reads up to the first boundary and gives what stood before it. Without a
// boundary parameter the first line that looks like one is taken.
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
		if text := bytes.TrimRight(line, " \t\r\n"); !known && len(text) > 2 && bytes.HasPrefix(text, []byte("--")) {
			*mark = bytes.Clone(text)
			w.hit, w.last = len(w.marks)-1, false
			return preamble
		}
		if len(preamble) < MaxText {
			preamble = append(preamble, line...)
		}
	}
}

// octets gives the decoded body, up to about limit.
func (w *walker) octets(h Header, limit int) []byte {
	t := newTransfer(h.keyword("Content-Transfer-Encoding"))
	var body []byte
	for len(body) < limit {
		line, ok := w.next()
		if !ok {
			break
		}
		body = t.decode(t, body, line)
	}
	return body[:min(len(body), limit)]
}
