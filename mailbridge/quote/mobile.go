package quote

import (
	"regexp"
	"slices"
	"strings"
)

// programs are what mail programs say that a mail was sent with. They are
// written alike in all languages.
var programs = words(`iphone ipad ipod android ios ipados samsung galaxy blackberry outlook gmail yahoo yahoo! aol windows
	nokia lumia htc huawei honor xiaomi redmi poco oneplus oppo vivo realme sony xperia lg motorola pixel
	nexus fairphone zte alcatel sailfish jolla treo droid mac macbook
	gmx web.de webmail proton protonmail tutanota tuta fastmail zoho mailbox.org posteo icloud
	k-9 k9 thunderbird fairemail bluemail aqua spark edison airmail canary spike mymail mailtime superhuman
	missive polymail roundcube nextcloud t-online freenet orange sfr laposte laposte.net libero
	tiscali virgilio onet interia seznam seznam.cz centrum mail.ru yandex yandex.mail rambler
	яндекс яндекс.почты яндекс.почта яндекс.почту яндекс.почте verizon at&t t-mobile vodafone`)

// models are words beside such a name.
var models = words(`apple google microsoft watch touch note tab edge mail email office 365 pro max plus ultra mini lite se air fold
	flip duo 5g 4g lte mi moto ericsson o2 telekom sprint wp
	claro movistar telcel entel tim telstra optus rogers bell swisscom kpn proximus magenta telenor telia elisa`)

// twoWords are names whose words say nothing alone.
var twoWords = phrases{"apple watch", "apple mail", "telekom mail", "samsung email"}

// inflected are names that some languages put an ending to: "iPhonesta".
var inflected = []string{"iphone", "ipad", "iphonu", "android", "outlook", "gmail", "blackberry", "thunderbird"}

// phones are words for a device, and fillers those that may stand beside it.
var (
	phones  = words(strings.Join(gather(func(l language) string { return l.phones }), " "))
	fillers = words(strings.Join(gather(func(l language) string { return l.filler }), " "))
)

var (
	mobileForms = forms(func(l language) string { return l.mobile })
	offerForms  = forms(func(l language) string { return l.offer })
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

func forms(of func(language) string) []form {
	var all []form
	for _, phrase := range gather(of) {
		head, tail, _ := strings.Cut(phrase, "*")
		all = append(all, form{strings.TrimSpace(head), strings.TrimSpace(tail)})
	}
	return all
}

// in gives what the sentence has between head and tail.
func (f form) in(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, f.head)
	if !ok || joins(line, len(f.head)) && f.head != "" {
		return "", false
	}
	return strings.CutSuffix(rest, f.tail)
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
	at := breaks.FindStringIndex(line)
	if !isMobile(line) && (at == nil || !isMobile(line[:at[0]]) || !isExcuse(line[at[1]:])) {
		return to
	}
	if last > from && r.line[last-1] == "--" {
		last--
	}
	return last
}

func isMobile(line string) bool {
	line = strings.TrimRight(line, ".! ")
	for _, f := range mobileForms {
		if device, ok := f.in(line); ok && isDevice(device) {
			return true
		}
	}
	for _, f := range offerForms {
		if device, ok := f.in(line); ok && isDevice(device) && strings.Contains(device, "outlook") {
			return true
		}
	}
	return false
}

// isDevice reports whether all the words are such as name a device, a model or
// a program.
func isDevice(s string) bool {
	list := strings.Fields(s)
	named := twoWords.in(s)
	for _, word := range list {
		word = strings.Trim(word, ",.;®™'\"()[]/")
		switch {
		case word == "" || word == "/" || word == "&":
		case programs[word], phones[word], hasBeginning(word, inflected):
			named = true
		case models[word], fillers[word]:
		case !strings.ContainsAny(word, "0123456789") || len(word) > 10:
			return false
		}
	}
	return named && len(list) <= 10
}

func hasBeginning(s string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(s, b) })
}

func isExcuse(s string) bool {
	return excuseStems.stems(s) > 0 && !strings.ContainsAny(s, "0123456789?:") && len(strings.Fields(s)) <= 14
}
