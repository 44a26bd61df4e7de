package mailbridge

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText gives the words of a page as plain text. Links stand behind their
// words in parentheses, list items begin with "- " or their number, cells of a
// table row are separated by " | ", and what mail programs quote gets the "> " of
// mail. Styles, scripts and hidden elements go. It reads tokens, not a tree, so
// that its time and memory stay in proportion to the page whatever the page holds.
func htmlText(source string) string {
	p := page{tight: -1}
	p.read(source)
	if p.hidden > 0 { // what hides was never closed: better too much than nothing
		p = page{tight: -1, showAll: true}
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
	case atom.P:
		p.startParagraph(t)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		p.paragraph()
	case atom.Div:
		p.startDiv(t)
	case atom.Hr, atom.Tr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center:
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
		p.startQuote(!indentation(t))
	case atom.Pre:
		p.block(1)
		p.pre++
	case atom.Span, atom.Font:
		p.startGlyphs(t)
	case atom.A:
		p.href, p.words = strings.TrimSpace(attr(t, "href")), p.out.Len()
	case atom.Img:
		if !pixel(t) {
			p.text(attr(t, "alt"))
		}
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
	case atom.P:
		p.endParagraph()
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		p.paragraph()
	case atom.Div:
		p.endDiv()
	case atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center:
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
		p.endQuote()
	case atom.Pre:
		p.block(1)
		p.pre = max(p.pre-1, 0)
	case atom.Span, atom.Font:
		p.glyphDepth = max(p.glyphDepth-1, 0)
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
// the preview lines of newsletters. Letters of no size do not count: newsletters
// set them around words that have a size of their own.
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
	}
	style := styleOf(t)
	return style.has("display", "none") || style.has("mso-hide", "all") || style.has("visibility", "hidden") ||
		style.none("opacity") || style.none("max-height") && style.has("overflow", "hidden")
}

// pixel reports whether an image is there to be fetched and not to be seen.
func pixel(t html.Token) bool {
	style := styleOf(t)
	tiny := func(name string) bool {
		v := strings.TrimSuffix(attr(t, name), "px")
		return v == "0" || v == "1" || style.none(name) || style.has(name, "1px")
	}
	return tiny("width") && tiny("height") || style.has("display", "none")
}

// indentation reports whether a blockquote was made by the button that moves a
// paragraph to the right. It has no frame, and nobody says that it cites.
func indentation(t html.Token) bool {
	if attr(t, "type") == "cite" || attr(t, "cite") != "" || strings.Contains(attr(t, "class"), "quote") {
		return false
	}
	style := styleOf(t)
	return style.has("border", "none") || style.has("border", "medium none")
}

// style is a style attribute: lower case, one space between words.
type style string

func styleOf(t html.Token) style {
	return style(strings.Join(strings.Fields(strings.ToLower(attr(t, "style"))), " "))
}

// get gives the value of a property.
func (s style) get(name string) string {
	for declaration := range strings.SplitSeq(string(s), ";") {
		if key, value, ok := strings.Cut(declaration, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		}
	}
	return ""
}

func (s style) has(name, value string) bool { return s.get(name) == value }

// none reports whether a length is given as 0, in whatever unit.
func (s style) none(name string) bool {
	return strings.Trim(s.get(name), "abcdefghijklmnopqrstuvwxyz%. ") == "0"
}

func attr(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
