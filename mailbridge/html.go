package mailbridge

import (
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
