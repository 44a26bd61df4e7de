package mailbridge

import (
	"strings"

	"golang.org/x/net/html"
)

// startParagraph sets a blank line above the paragraph, unless it is one of the
// paragraphs without margins that Outlook makes of lines.
func (p *page) startParagraph(t html.Token) {
	p.tight = -1
	style := styleOf(t)
	if strings.HasPrefix(attr(t, "class"), "Mso") && style.get("margin-bottom") == "" ||
		strings.HasPrefix(style.get("margin"), "0") || style.none("margin-top") && style.none("margin-bottom") {
		p.block(1)
		p.tight = p.out.Len()
		return
	}
	p.paragraph()
}

// endParagraph: a line without words is the writer's blank line.
func (p *page) endParagraph() {
	switch p.tight {
	case -1:
		p.paragraph()
	case p.out.Len():
		p.block(2)
	default:
		p.block(1)
	}
	p.tight = -1
}

// outlookRule is the line that Outlook writes, in plain text, above the header
// of the mail that is answered.
const outlookRule = "________________________________"

// startDiv knows the divs in which programs quote, or say above what they quote
// that they do.
func (p *page) startDiv(t html.Token) {
	p.block(1)
	p.divs++
	id, class := attr(t, "id"), attr(t, "class")
	switch {
	case strings.HasPrefix(id, "yahoo_quoted"), strings.Contains(class, "yahoo_quoted"), attr(t, "name") == "quote":
		if len(p.quoted) < maxNested {
			p.quoted = append(p.quoted, p.divs)
			p.quotes++
		}
	case strings.HasSuffix(id, "divRplyFwdMsg"), outlookBorder(t):
		if p.out.Len() > 0 {
			p.word(outlookRule)
			p.block(1)
		}
	}
}

// outlookBorder knows the div that desktop Outlook puts around the header of the
// mail that is answered.
func outlookBorder(t html.Token) bool {
	style := styleOf(t)
	return style.has("border", "none") && strings.HasPrefix(style.get("border-top"), "solid #") &&
		strings.HasSuffix(style.get("border-top"), " 1.0pt") && strings.HasPrefix(style.get("padding"), "3.0pt 0")
}

func (p *page) endDiv() {
	p.block(1)
	if n := len(p.quoted) - 1; n >= 0 && p.quoted[n] == p.divs {
		p.quoted = p.quoted[:n]
		p.quotes--
	}
	p.divs = max(p.divs-1, 0)
}

func (p *page) startQuote(cites bool) {
	p.block(1)
	if len(p.cites) == maxNested {
		return
	}
	p.cites = append(p.cites, cites)
	if cites {
		p.quotes++
	}
}

func (p *page) endQuote() {
	p.block(1)
	if n := len(p.cites) - 1; n >= 0 {
		if p.cites[n] {
			p.quotes--
		}
		p.cites = p.cites[:n]
	}
}
