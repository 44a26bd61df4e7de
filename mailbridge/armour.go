package mailbridge

import "strings"

// unarmour takes the armour of an inline PGP signature off (RFC 9580 §7). A text
// that is nothing but an encrypted one gives none, and encrypted.
func unarmour(text string) (plain string, encrypted bool) {
	const message, signed, signature = "-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
	if !strings.Contains(text, "-----BEGIN PGP ") {
		return text, false
	}
	var out strings.Builder
	state := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, " \t\r\n")
		switch {
		case state == "" && bare == message:
			state, encrypted = message, true
		case state == "" && bare == signed:
			state = "header"
		case state == "header":
			if bare == "" {
				state = signed
			}
		case state == signed && bare == signature:
			state = signature
		case state == signature && strings.HasPrefix(bare, "-----END PGP "), state == message && strings.HasPrefix(bare, "-----END PGP "):
			state = ""
		case state == signed:
			out.WriteString(strings.TrimPrefix(line, "- ")) // RFC 9580 §7.2
		case state == "":
			out.WriteString(line)
		}
	}
	return out.String(), encrypted && strings.TrimSpace(out.String()) == ""
}

// enrichedText takes the commands out of text/enriched (RFC 1896).
func enrichedText(text string) string {
	var out strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			break
		}
		out.WriteString(text[:i])
		if text = text[i:]; strings.HasPrefix(text, "<<") {
			out.WriteByte('<')
			text = text[2:]
			continue
		}
		end := strings.IndexByte(text, '>')
		if end < 0 || end > 62 {
			out.WriteByte('<')
			text = text[1:]
			continue
		}
		text = text[end+1:]
	}
	out.WriteString(text)
	return out.String()
}
