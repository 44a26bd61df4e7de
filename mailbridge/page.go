package mailbridge

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// Bounds within a page, so that no page takes more than its share.
const (
	maxNested = 32   // lists in lists, cells in cells
	maxLink   = 2000 // octets of a link that is kept
)

// page is a text being written.
type page struct {
	out        strings.Builder
	breaks     int               // line ends due before the next word, 2 makes a blank line
	space      bool              // a space is due before the next word
	cell       bool              // a separator of cells is due before the next word
	mark       string            // of a list item, due before its first word
	cites      []bool            // of the blockquotes around: whether they quote
	quotes     int               // how many do, quoting divs included
	divs       int               // depth of divs
	quoted     []int             // the depths of those around that quote
	tight      int               // where the paragraph without margins begins, -1 in no such paragraph
	pre        int               // depth of preformatted text
	lists      []int             // of the lists around: the number of the last item, -1 without numbers
	rows       []int             // of the table cells around: where the text of the cell begins
	glyphs     map[string]string // what letters stand for in the font around
	glyphDepth int               // of elements inside the one that sets that font
	href       string            // of the link around, and where its words begin
	words      int
	hidden     int // depth inside an element of the name that hides
	hides      atom.Atom

	showAll bool // elements that a style hides are shown
}

// block ends the line, and with n = 2 the paragraph. A cell that has no words
// yet stays on the line of its row.
func (p *page) block(n int) {
	if !p.cell {
		p.breaks, p.space = max(p.breaks, n), false
	}
}

// paragraph sets a blank line, but not between the items of a list.
func (p *page) paragraph() {
	if len(p.lists) > 0 {
		p.block(1)
	} else {
		p.block(2)
	}
}

func (p *page) list(number int) {
	p.block(1)
	if len(p.lists) < maxNested {
		p.lists = append(p.lists, number)
	}
}

func (p *page) item() {
	p.block(1)
	p.mark = "- "
	if n := len(p.lists) - 1; n >= 0 && p.lists[n] >= 0 {
		p.lists[n]++
		p.mark = strconv.Itoa(p.lists[n]) + ". "
	}
}

// endCell puts the next cell on the same line, unless this one took several.
func (p *page) endCell() {
	begin := p.out.Len()
	if n := len(p.rows) - 1; n >= 0 {
		begin, p.rows = p.rows[n], p.rows[:n]
	}
	words := strings.TrimLeft(p.out.String()[begin:], "\n")
	switch {
	case words == "":
	case strings.Contains(words, "\n"):
		p.block(1)
	default:
		p.cell, p.breaks = true, 0
	}
}

// text writes words, with white space as a browser shows it.
func (p *page) text(s string) {
	if p.pre > 0 {
		for line := range strings.Lines(s) {
			if text := strings.TrimRight(line, "\r\n"); text != "" {
				p.word(text)
			}
			if strings.HasSuffix(line, "\n") {
				p.breaks = min(p.breaks+1, 2)
			}
		}
		return
	}
	for s != "" {
		start := strings.IndexFunc(s, notSpace)
		if start != 0 {
			p.space = true
		}
		if start < 0 {
			return
		}
		s = s[start:]
		stop := strings.IndexFunc(s, isSpace)
		if stop < 0 {
			stop = len(s)
		}
		if word := p.shown(s[:stop]); strings.ContainsFunc(word, func(r rune) bool { return visible(r) >= 0 && !joiner(r) }) {
			p.word(word)
		}
		s = s[stop:]
	}
}

func isSpace(r rune) bool {
	return r == '\n' || r == '\t' || r == '\r' || r == '\f' || visible(r) == ' '
}

func notSpace(r rune) bool { return !isSpace(r) }

// word writes what is due, then the word.
func (p *page) word(s string) {
	fresh := p.out.Len() == 0
	quote := strings.Repeat("> ", min(p.quotes, 8))
	switch {
	case fresh:
		p.out.WriteString(quote)
	case p.breaks > 0:
		for range p.breaks - 1 {
			p.out.WriteString("\n" + strings.TrimRight(quote, " "))
		}
		p.out.WriteString("\n" + quote)
	case p.cell:
		p.out.WriteString(" | ")
	case p.space && p.mark == "":
		p.out.WriteByte(' ')
	}
	p.out.WriteString(p.mark)
	p.breaks, p.space, p.cell, p.mark = 0, false, false, ""
	p.out.WriteString(s)
}
