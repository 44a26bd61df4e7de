package at

import "strings"

// codeOf finds the number of an error that comes in words, as after AT+CMEE=2.
func codeOf(kind Kind, words string) (int, bool) {
	words = strings.ToLower(strings.TrimSpace(words))
	table := cmeWords
	if kind == CMS {
		table = cmsWords
	}
	for code, known := range table {
		if words == known || words == strings.ReplaceAll(known, "sim", "(u)sim") {
			return code, true
		}
	}
	return 0, false
}

// cmeWords are those of 3GPP TS 27.007 §9.2 that matter here.
var cmeWords = map[int]string{
	0: "phone failure", 1: "no connection to phone", 2: "phone-adaptor link reserved", 3: "operation not allowed",
	4: "operation not supported", 5: "ph-sim pin required", 6: "ph-fsim pin required", 7: "ph-fsim puk required",
	10: "sim not inserted", 11: "sim pin required", 12: "sim puk required", 13: "sim failure", 14: "sim busy", 15: "sim wrong",
	16: "incorrect password", 17: "sim pin2 required", 18: "sim puk2 required", 20: "memory full", 21: "invalid index",
	22: "not found", 23: "memory failure", 24: "text string too long", 25: "invalid characters in text string",
	26: "dial string too long", 27: "invalid characters in dial string", 30: "no network service", 31: "network timeout",
	32: "network not allowed - emergency calls only", 40: "network personalization pin required", 100: "unknown",
}

// cmsWords are those of 3GPP TS 27.005 §3.2.5.
var cmsWords = map[int]string{
	300: "me failure", 301: "sms service of me reserved", 302: "operation not allowed", 303: "operation not supported",
	304: "invalid pdu mode parameter", 305: "invalid text mode parameter", 310: "sim not inserted", 311: "sim pin required",
	312: "ph-sim pin required", 313: "sim failure", 314: "sim busy", 315: "sim wrong", 316: "sim puk required",
	317: "sim pin2 required", 318: "sim puk2 required", 320: "memory failure", 321: "invalid memory index", 322: "memory full",
	330: "smsc address unknown", 331: "no network service", 332: "network timeout", 340: "no +cnma acknowledgement expected",
	500: "unknown error",
}
