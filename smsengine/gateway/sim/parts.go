package sim

// concat is which part of which long text this is (3GPP TS 23.040 §9.2.3.24.1).
type concat struct{ ref, total, seq int }

func parseConcat(udh []byte) (concat, bool) {
	for rest := udh; len(rest) > 3; {
		rest = rest[1:]
		if rest[0] == 0 && rest[1] == 3 {
			return concat{int(rest[2]), int(rest[3]), int(rest[4])}, true
		}
		break
	}
	return concat{}, false
}

func cut(text string) []string {
	var out []string
	for len(text) > 160 {
		out, text = append(out, text[:153]), text[153:]
	}
	return append(out, text)
}
