package config

import (
	"net/netip"
	"time"

	"github.com/postel-mail/postel/transport/hooks"
)

// HTTP is the interface for programs: /sms/ sends a text by one request, /v1/ is
// its JSON form. docs/http-send.md shows both.
type HTTP struct {
	// The socket, "inet:host:port" or "unix:/path". Empty: there is no such interface.
	Listen Endpoint `toml:"listen" example:"\"inet:127.0.0.1:8027\""`
	Socket
	// What programs reach it by, if a web server in front of it does not hand on the
	// name that they asked for. Without a certificate of its own, browsers are
	// answered under this name, as localhost or by address alone: any other could be
	// a stranger's that points here.
	URL string `toml:"url" example:"\"https://sms.example.org\""`
	// The web servers in front of it, whose X-Forwarded-For and X-Forwarded-Proto
	// are believed.
	Proxies []string `toml:"proxies"`
	// The file of the certificate and those that vouch for it, in PEM. It is read
	// again when it changes. Empty: a web server in front of it speaks HTTPS.
	Certificate string `toml:"certificate"`
	// The file of the certificate's private key, in PEM.
	Key string `toml:"key"`
	// Whether passwords and tokens are taken without HTTPS from other machines, too.
	// Anybody on the way can read them.
	PlainAuth bool `toml:"plain_auth"`
	// The most requests of one client in a second; five times as many may come at
	// once. 0: any number.
	Rate int `toml:"rate"`
	// The most connections of one client at a time. Behind a router several people
	// are one client.
	MaxPerClient int `toml:"max_per_client"`
	// The most connections at a time.
	MaxConnections int `toml:"max_connections"`
	// The networks whose monitoring may read /metrics without a token of the scope
	// metrics, such as "192.0.2.9/32". It has the names of accounts in it. This
	// machine is not among them by itself: behind a web server on it, everybody could
	// seem to be here.
	MetricsFrom []string `toml:"metrics_from"`
	// How long, when the service stops, /readyz says so before the socket is closed,
	// for load balancers to see it. At most 30s.
	ShutdownDelay Duration `toml:"shutdown_delay"`
	// Networks that webhooks may be in though they are private, such as
	// "192.0.2.0/24"; else a webhook never reaches this machine or its neighbours,
	// whoever made it.
	WebhookNetworks []string `toml:"webhook_networks"`
}

func defaultHTTP() HTTP {
	return HTTP{
		Socket: Socket{Mode: 0o660}, Proxies: []string{"127.0.0.1/32", "::1/128"},
		Rate: 200, MaxPerClient: 100, MaxConnections: 1000,
	}
}

// Monitors reads the key metrics_from.
func (h *HTTP) Monitors() []netip.Prefix { return prefixes(h.MetricsFrom) }

// Prefixes reads the key proxies.
func (h *HTTP) Prefixes() []netip.Prefix { return prefixes(h.Proxies) }

func (r *reader) checkHTTP(h *HTTP) {
	r.checkNetworks("http.proxies", h.Proxies)
	r.checkNetworks("http.metrics_from", h.MetricsFrom)
	r.checkPair("http.certificate", h.Certificate, h.Key)
	if h.URL != "" {
		if _, err := hooks.ParseBase(h.URL); err != nil {
			r.bad("http.url", `write it as in "https://sms.example.org"`, "%s", err)
		}
	}
	if h.Rate < 0 {
		r.bad("http.rate", "write requests in a second, or 0 for any number", "nobody can ask %d times", h.Rate)
	}
	if h.MaxPerClient < 1 {
		r.bad("http.max_per_client", "write 1 or more", "nobody could connect")
	}
	if h.MaxConnections < 1 {
		r.bad("http.max_connections", "write 1 or more", "nobody could connect")
	}
	if time.Duration(h.ShutdownDelay) > 30*time.Second {
		r.bad("http.shutdown_delay", "write at most 30s", "the service manager does not wait so long")
	}
	r.checkNetworks("http.webhook_networks", h.WebhookNetworks)
}

// Near reads the key webhook_networks.
func (h *HTTP) Near() []netip.Prefix { return prefixes(h.WebhookNetworks) }

// prefixes reads networks; the configuration has checked them.
func prefixes(networks []string) (all []netip.Prefix) {
	for _, n := range networks {
		if p, err := netip.ParsePrefix(n); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func (r *reader) checkNetworks(key string, networks []string) {
	for _, n := range networks {
		if _, err := netip.ParsePrefix(n); err != nil {
			r.bad(key, `write it as in "192.0.2.7/32" or "2001:db8::1/128"`, "%q is not a network", n)
		}
	}
}

func (r *reader) checkPair(key, certificate, private string) {
	if (certificate == "") != (private == "") {
		r.bad(key, "give both, certificate and key, or neither", "one is no use without the other")
	}
}
