package courier

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// target says where mail goes.
type target struct {
	protocol string // "smtp", "lmtp" or "maildir"
	network  string // "tcp" or "unix"
	address  string // host:port, or a path
}

// parseTarget reads what [Options] describe as Address.
func parseTarget(s string) (target, error) {
	fail := func(why string) (target, error) {
		return target{}, fmt.Errorf("mail address %q: %s; examples: smtp:127.0.0.1:25, lmtp:unix:/run/dovecot/lmtp, maildir:/var/mail/texts", s, why)
	}
	protocol, address, ok := strings.Cut(s, ":")
	if !ok {
		return fail("it has no protocol")
	}
	t := target{protocol: protocol, network: "tcp", address: address}
	switch protocol {
	case "maildir":
		t.network = ""
		if address == "" {
			return fail("it has no directory")
		}
		t.address = filepath.Clean(address)
		return t, nil
	case "smtp", "lmtp":
	default:
		return fail("the protocol must be smtp, lmtp, maildir or imap")
	}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return fail("the path of the socket must be absolute")
		}
		t.network, t.address = "unix", path
		return t, nil
	}
	host, port, err := net.SplitHostPort(address)
	switch {
	case err != nil || host == "" || port == "":
		return fail("host and port are needed")
	case strings.ContainsAny(host, "/ "):
		return fail("the host name is malformed")
	}
	return t, nil
}
