package at

import "bytes"

// maxLine is more octets than any line of a modem in PDU mode has.
const maxLine = 4096

// token is a line, or a prompt.
type token struct {
	text    string // without its end, without control characters, and without spaces around it
	size    int    // octets as they came, empty lines before it included
	prompt  bool
	tooLong bool // the text was not kept
}

// scanner cuts what comes into lines and prompts. It takes CR, LF, and any run of them for one end.
type scanner struct {
	prompting bool // a prompt is awaited
	line      []byte
	size      int
	tooLong   bool
}

// next takes an octet. ok is true when something is complete.
func (s *scanner) next(b byte) (t token, ok bool) {
	s.size++
	end := b == '\r' || b == '\n'
	if s.prompting && s.lonePrompt() && (end || b == ' ') {
		return s.emit(true), true
	}
	switch {
	case end:
		text := bytes.TrimSpace(stripPrompts(s.line))
		if len(text) == 0 && !s.tooLong {
			s.line = s.line[:0]
			return token{}, false
		}
		return s.emit(false), true
	case b < ' ' && b != '\t', b == 0x7f: // noise, and the echo of Ctrl-Z and ESC
	case len(s.line) >= maxLine:
		s.tooLong = true
	default:
		s.line = append(s.line, b)
	}
	return token{}, false
}

func (s *scanner) emit(prompt bool) token {
	t := token{size: s.size, prompt: prompt, tooLong: s.tooLong}
	if !prompt && !s.tooLong {
		t.text = string(bytes.TrimSpace(stripPrompts(s.line)))
	}
	s.line, s.size, s.tooLong = s.line[:0], 0, false
	return t
}

// lonePrompt reports whether there is nothing but a > since the last line.
func (s *scanner) lonePrompt() bool { return len(s.line) == 1 && s.line[0] == '>' }

// stripPrompts takes off the prompts, of which some modems give several, and the noise at the beginning of a line.
func stripPrompts(line []byte) []byte {
	for {
		switch {
		case len(line) > 0 && line[0] >= 0x80:
			line = line[1:]
		case bytes.HasPrefix(line, []byte("> ")):
			line = line[2:]
		case len(line) == 1 && line[0] == '>':
			return nil
		default:
			return line
		}
	}
}
