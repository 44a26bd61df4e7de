package mailbridge

import (
	"strings"

	"golang.org/x/net/html"
)

// Outlook draws smileys and arrows as letters of the font Wingdings, and the
// bullets of its lists as letters, too.
var (
	wingdings = map[string]string{"J": ":-)", "K": ":-|", "L": ":-(", "à": "->", "ß": "<-", "ó": "<->"}
	bullets   = map[string]string{"·": "-", "o": "-", "§": "-", "Ø": "-", "ü": "-", "v": "-", "q": "-", "•": "-"}
)

// startGlyphs knows the elements in which letters are drawings.
func (p *page) startGlyphs(t html.Token) {
	style := styleOf(t)
	switch {
	case style.has("mso-list", "ignore"):
		p.glyphs, p.glyphDepth = bullets, 1
	case p.glyphDepth > 0:
		p.glyphDepth++
	case strings.HasPrefix(strings.Trim(style.get("font-family"), `"'`), "wingdings"), strings.EqualFold(attr(t, "face"), "wingdings"):
		p.glyphs, p.glyphDepth = wingdings, 1
	}
}

// shown gives what a word looks like.
func (p *page) shown(word string) string {
	if p.glyphDepth > 0 {
		if drawing, ok := p.glyphs[word]; ok {
			return drawing
		}
	}
	return word
}
