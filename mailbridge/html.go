package mailbridge

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText gives the words of a page as plain text. Links stand behind their
// words in parentheses, list items begin with "- " or their number, cells of a
// table row are separated by " | ", and blockquotes get the "> " of mail. Styles,
// scripts and hidden elements go. It reads tokens, not a tree, so that its time
// and memory stay in proportion to the page whatever the page holds.
func htmlText(source string) string {
	p := page{}
	p.read(source)
	if p.hidden > 0 { // what hides was never closed: better too much than nothing
		p = page{showAll: true}
		p.read(source)
	}
	return p.out.String()
}

func (p *page) read(source string) {
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(maxHTML)
	for p.out.Len() < MaxText {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if p.hidden == 0 {
				p.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(atom.Lookup(name))
		}
	}
}

// Bounds within a page, so that no page takes more than its share.
const (
	maxNested = 32   // lists in lists, cells in cells
	maxLink   = 2000 // octets of a link that is kept
)

// page is a text being written.
type page struct {
	out    strings.Builder
	breaks int    // line ends due before the next word, 2 makes a blank line
	space  bool   // a space is due before the next word
	cell   bool   // a separator of cells is due before the next word
	mark   string // of a list item, due before its first word
	quotes int    // depth of blockquotes
	pre    int    // depth of preformatted text
	lists  []int  // of the lists around: the number of the last item, -1 without numbers
	rows   []int  // of the table cells around: where the text of the cell begins
	href   string // of the link around, and where its words begin
	words  int
	hidden int // depth inside an element of the name that hides
	hides  atom.Atom

	showAll bool // elements that a style hides are shown
}

func (p *page) start(t html.Token) {
	if p.hidden > 0 {
		if t.DataAtom == p.hides && t.Type == html.StartTagToken {
			p.hidden++
		}
		return
	}
	if unseen(t) || !p.showAll && styledAway(t) {
		p.hidden, p.hides = 1, t.DataAtom
		return
	}
	switch t.DataAtom {
	case atom.Br:
		p.breaks = min(p.breaks+1, 2)
		p.space = false
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		p.paragraph()
	case atom.Div, atom.Hr, atom.Tr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center:
		p.block(1)
	case atom.Ul:
		p.list(-1)
	case atom.Ol:
		p.list(0)
	case atom.Li:
		p.item()
	case atom.Td, atom.Th:
		if len(p.rows) < maxNested {
			p.rows = append(p.rows, p.out.Len())
		}
	case atom.Blockquote:
		p.block(1)
		p.quotes++
	case atom.Pre:
		p.block(1)
		p.pre++
	case atom.A:
		p.href, p.words = strings.TrimSpace(attr(t, "href")), p.out.Len()
	case atom.Img:
		p.text(attr(t, "alt"))
	}
}

func (p *page) end(name atom.Atom) {
	if p.hidden > 0 {
		if name == p.hides {
			p.hidden--
		}
		return
	}
	switch name {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		p.paragraph()
	case atom.Div, atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center:
		p.block(1)
	case atom.Tr:
		p.cell = false
		p.block(1)
	case atom.Ul, atom.Ol:
		p.lists = p.lists[:max(len(p.lists)-1, 0)]
		p.block(1)
	case atom.Td, atom.Th:
		p.endCell()
	case atom.Blockquote:
		p.block(1)
		p.quotes = max(p.quotes-1, 0)
	case atom.Pre:
		p.block(1)
		p.pre = max(p.pre-1, 0)
	case atom.A:
		p.endLink()
	}
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

func (p *page) endLink() {
	href := p.href
	p.href = ""
	scheme, rest, _ := strings.Cut(href, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "mailto", "tel", "sms", "geo":
	default:
		return
	}
	if len(href) > maxLink {
		return
	}
	words := strings.TrimSpace(p.out.String()[min(p.words, p.out.Len()):])
	bare := strings.TrimSuffix(strings.TrimPrefix(rest, "//"), "/")
	switch {
	case words == "":
		p.word(href)
	case !strings.Contains(words, bare):
		p.space = true
		p.word("(" + href + ")")
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
		p.word(s[:stop])
		s = s[stop:]
	}
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == '\u00a0'
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

// unseen reports whether what is in the element is not text.
func unseen(t html.Token) bool {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Template, atom.Svg, atom.Iframe, atom.Noembed, atom.Noframes, atom.Object:
		return t.Type == html.StartTagToken
	}
	return false
}

// styledAway reports whether the element has content that is never shown, as
// the preview lines of newsletters.
func styledAway(t html.Token) bool {
	switch t.DataAtom {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input,
		atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr, 0:
		return false // nothing can be in it, or its end could not be told
	}
	if t.Type != html.StartTagToken {
		return false
	}
	for _, a := range t.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key == "style" {
			style := strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all") {
				return true
			}
		}
	}
	return false
}

func attr(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
