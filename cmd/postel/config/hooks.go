package config

import (
	"net/netip"
	"strings"

	"github.com/postel-mail/postel/transport/hooks"
)

// Hooks is where HTTP providers bring texts from phones and receipts: each gateway
// has an address below it that nobody can guess, which postel gateway url prints.
type Hooks struct {
	// The socket, "inet:host:port" or "unix:/path": for a web server in front of it that speaks
	// HTTPS, or, with certificate, for the Internet. Empty: providers bring nothing.
	Listen Endpoint `toml:"listen" example:"\"inet:127.0.0.1:8026\""`
	Socket
	// What providers reach it by. Some of them sign their requests for this address.
	URL string `toml:"url" example:"\"https://sms.example.org\""`
	// The web servers in front of it, whose X-Forwarded-For is believed.
	Proxies []string `toml:"proxies"`
	// The file of the certificate and those that vouch for it, in PEM. It is read
	// again when it changes. Empty: a web server in front of it speaks HTTPS.
	Certificate string `toml:"certificate"`
	// The file of the certificate's private key, in PEM.
	Key string `toml:"key"`
	// The most connections at a time.
	MaxConnections int `toml:"max_connections"`
}

func defaultHooks() Hooks {
	return Hooks{Socket: Socket{Mode: 0o660}, Proxies: []string{"127.0.0.1/32", "::1/128"}, MaxConnections: 200}
}

// Prefixes reads the key proxies.
func (h *Hooks) Prefixes() []netip.Prefix { return prefixes(h.Proxies) }

func (r *reader) checkHooks(h *Hooks) {
	r.checkNetworks("hooks.proxies", h.Proxies)
	r.checkPair("hooks.certificate", h.Certificate, h.Key)
	if h.MaxConnections < 1 {
		r.bad("hooks.max_connections", "write 1 or more", "nobody could connect")
	}
	switch {
	case h.URL == "" && !h.Listen.IsZero():
		r.bad("hooks.url", `write what providers reach it by, such as "https://sms.example.org"`, "providers have to be told an address")
	case h.URL != "":
		u, err := hooks.ParseBase(h.URL)
		switch {
		case err != nil:
			r.bad("hooks.url", `write it as in "https://sms.example.org"`, "%s", err)
		case u.Scheme == "http" && !near(u.Hostname()):
			r.bad("hooks.url", `use https, by a web server in front of it or with certificate`, "texts and the address itself would go through the Internet for everybody to read")
		}
	}
}

// near reports whether a host is on this machine or its own network, as a Kannel
// beside Postel is.
func near(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".")
}
