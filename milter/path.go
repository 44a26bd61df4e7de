package milter

import (
	"strings"

	"github.com/postel-mail/postel/mailbridge"
)

// messageID reads the value of a Message-ID field as the transport will.
func messageID(value string) string {
	m, err := mailbridge.Read(strings.NewReader("Message-ID: " + value + "\r\n\r\n"))
	if err != nil {
		return ""
	}
	return m.MessageID
}

// withoutRoute gives a path without its source route (RFC 5321 appendix C).
func withoutRoute(path string) string {
	path = strings.Trim(path, " \t")
	if strings.HasPrefix(path, "@") {
		if _, rest, ok := strings.Cut(path, ":"); ok {
			return rest
		}
	}
	return path
}

// unquote gives a path as go-smtp gives it to the transport: without a source
// route, without the quotes of its local part.
func unquote(path string) string {
	path = withoutRoute(path)
	if !strings.HasPrefix(path, `"`) {
		return path
	}
	var local strings.Builder
	for i := 1; i < len(path); i++ {
		switch path[i] {
		case '"':
			return local.String() + path[i+1:]
		case '\\':
			if i++; i == len(path) {
				return path
			}
		}
		local.WriteByte(path[i])
	}
	return path
}

// quoted gives an address with its local part in quotes. An MTA that is given
// one to add reads spaces and percent signs in any other as it likes.
func quoted(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 || strings.HasPrefix(addr, `"`) {
		return addr
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(addr[:at]) + `"` + addr[at:]
}
