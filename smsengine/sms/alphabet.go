package sms

import "unicode/utf8"

// The GSM 7 bit default alphabet in the order of its codes (3GPP TS 23.038 §6.2.1). 0x1B escapes to the extension
// table and is no character.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" +
	" !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà"

// The extension table (3GPP TS 23.038 §6.2.1.1).
const extension = "\f^{}\\[~]|€"

// septets gives, for the code points below 0x400, how many septets a character takes; 0 if the alphabet lacks it.
// Of those above, only the euro sign is in it.
var septets = func() (t [0x400]uint8) {
	for _, r := range basic {
		if r != 0x1b {
			t[r] = 1
		}
	}
	for _, r := range extension {
		if int(r) < len(t) {
			t[r] = 2
		}
	}
	return t
}()

func septetsOf(r rune) int {
	if int(r) < len(septets) {
		return int(septets[r])
	}
	if r == '€' {
		return 2
	}
	return 0
}

func utf16Of(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// weigh gives the alphabet that text needs and how many units it takes in it.
func weigh(text string) (Alphabet, int) {
	n, end := gsmSpan(text)
	if end == len(text) {
		return GSM7, n
	}
	n = 0
	for _, r := range text {
		n += utf16Of(r)
	}
	return UCS2, n
}

// gsmPrefix is the length in octets of the longest beginning of text that the default alphabet has.
func gsmPrefix(text string) int {
	_, end := gsmSpan(text)
	return end
}

func gsmSpan(text string) (units, end int) {
	for end < len(text) {
		r, size := rune(text[end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[end:])
		}
		n := septetsOf(r)
		if n == 0 {
			break
		}
		units += n
		end += size
	}
	return units, end
}

func unitsOf(a Alphabet, r rune) int {
	if a == GSM7 {
		return septetsOf(r)
	}
	return utf16Of(r)
}

// unitsIn counts what a short text takes in an alphabet that has it.
func unitsIn(a Alphabet, text string) int {
	n := 0
	for _, r := range text {
		n += unitsOf(a, r)
	}
	return n
}
