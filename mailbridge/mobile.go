package mailbridge

import (
	"regexp"
	"strings"
)

// devices are what mail programs say that a mail was sent with. They are written
// alike in all languages; words of a language are its filler.
var devices = words(`iphone iphone'a iphonu iphonie iphonem iphona ipad ipada ipadu ipod touch
	apple watch mac macbook mail mailu android androida androidu samsung galaxy note tab blackberry blackberry® berry
	windows windowsa outlook outlooka outlooku office 365 ios ipados
	nokia lumia htc huawei honor xiaomi redmi poco mi oneplus oppo vivo realme sony xperia ericsson lg motorola moto pixel google
	nexus fairphone asus lenovo zte alcatel sailfish jolla ubuntu palm treo droid
	gmail yahoo yahoo! aol gmx web.de webmail proton protonmail tutanota tuta fastmail zoho mailbox mailbox.org posteo icloud
	k-9 thunderbird fairemail bluemail aqua spark edison newton airmail canary nine type boxer spike mymail mailtime superhuman
	hey missive polymail k9 evolution geary roundcube nextcloud t-online freenet 1&1 orange free.fr sfr laposte laposte.net libero
	tiscali virgilio wp onet interia o2 seznam seznam.cz centrum mail.ru яндекс яндекс.почты яндекс.почта яндекс.почту yandex yandex.mail rambler verizon at&t
	t-mobile sprint vodafone telekom pro max plus ultra mini lite se air fold flip duo 5g 4g lte phone telephone`)

// generic are those of them that say nothing alone.
var fillers = words(strings.Join(gather(func(l language) string { return l.filler }), " "))

var (
	mobileForms = forms()
	excuseStems = gather(func(l language) string { return l.excuses })
)

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(s) {
		set[folded(word)] = true
	}
	return set
}

// form is a sentence of a footer, with the device between head and tail.
type form struct{ head, tail string }

func forms() []form {
	var all []form
	for _, phrase := range gather(func(l language) string { return l.mobile }) {
		head, tail, _ := strings.Cut(phrase, "*")
		all = append(all, form{strings.TrimSpace(head), strings.TrimSpace(tail)})
	}
	return all
}

const maxMobile = 160 // octets of a footer of a mail program

var (
	address = regexp.MustCompile(`[<(\[]?\b(?:https?://|www\.)[^\s<>()\[\]]*[>)\]]?`)
	breaks  = regexp.MustCompile(` ?[,.;(–—!|] ?| - `)
)

// mobile gives the first line of what a mail program put at the end of the
// stretch: "Sent from my iPhone"; to if there is nothing. It may end with a
// link, on a line of its own, or with an excuse for brevity.
func (r *reading) mobile(from, to int) int {
	last := to - 1
	line := strings.TrimSpace(address.ReplaceAllString(r.line[last], ""))
	if line == "" && last > from && !r.blank(last-1) {
		last--
		line = r.line[last]
	}
	if len(line) > maxMobile {
		return to
	}
	line = strings.Trim(line, "*_-[]~ ")
	if isMobile(line) {
		return last
	}
	if at := breaks.FindStringIndex(line); at != nil && isMobile(line[:at[0]]) && isExcuse(line[at[1]:]) {
		return last
	}
	return to
}

func isMobile(line string) bool {
	line = strings.TrimRight(line, ".! ")
	for _, f := range mobileForms {
		rest, ok := strings.CutPrefix(line, f.head)
		if !ok {
			continue
		}
		if rest, ok = strings.CutSuffix(rest, f.tail); ok && isDevice(rest) {
			return true
		}
	}
	return false
}

// isDevice reports whether all the words are such as name a device, a model or
// a program.
func isDevice(s string) bool {
	list := strings.Fields(s)
	named := false
	for _, word := range list {
		word = strings.Trim(word, ",.;®™'\"()/")
		switch {
		case word == "" || word == "/" || word == "&":
		case devices[word]:
			named = true
		case fillers[word]:
			named = named || len(word) > 4
		case !strings.ContainsAny(word, "0123456789") || len(word) > 10:
			return false
		}
	}
	return named && len(list) <= 10
}

func isExcuse(s string) bool {
	return excuseStems.stems(s) > 0 && !strings.ContainsAny(s, "0123456789?:") && len(strings.Fields(s)) <= 14
}
