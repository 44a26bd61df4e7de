package template

import (
	"fmt"
	"slices"
	"strings"
)

// builtin are the variables that every template has, with the names that are
// the same as others.
var builtin = map[string]string{
	"number": "number", "data": "data", "body": "data", "udh": "udh", "binary": "binary",
	"pid": "pid", "dcs": "dcs", "dsc": "dcs", "sender": "sender", "sender_phonealias": "sender_phonealias",
	"parts": "parts", "condition": "condition", "msgid": "msgid",
}

// maxName bounds the name of a Setting, in octets.
const maxName = 40

// CheckName says what is wrong with the name of a Setting. It is of small
// letters, digits and _, begins with a letter, is no variable's that every
// template has, and not two hexadecimal digits, which could not be told from an
// octet of a URL.
func CheckName(name string) error {
	switch {
	case builtin[name] != "":
		return fmt.Errorf("%%%s%% stands for something in every template: choose another name", name)
	case len(name) > maxName:
		return fmt.Errorf("a name has at most %d letters", maxName)
	case !isName(name) || name != strings.ToLower(name):
		return fmt.Errorf("%.50q is no name: small letters, digits and _ are possible, a letter first", name)
	case len(name) == 2 && isHex(name[0]) && isHex(name[1]):
		return fmt.Errorf("%%%s could not be told from an octet of a URL: choose another name", name)
	}
	return nil
}

// squeeze makes a name as it is known: white space, as it gets into a template
// on its way through printed pages, and capitals do not count.
func squeeze(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, s))
}

// isName reports whether s can be the name of anything here, in any case.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '_')) {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// nearest gives the name that was probably meant, or "".
func nearest(s string, names []string) string {
	if len(s) > maxName {
		return ""
	}
	best, least := "", 3 // more changes than two are another word
	slices.Sort(names)
	for _, name := range names {
		if d := distance(s, name); d < least && d < len(name)-1 {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour that make b of a.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
