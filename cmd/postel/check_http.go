package main

import (
	"net/netip"

	"github.com/postel-mail/postel/cmd/postel/config"
)

// http looks at the files that [http] needs, and at who could read what goes
// there.
func (f *findings) http(cfg *config.Config) {
	c := cfg.HTTP
	for _, g := range cfg.Gateways {
		if g.DeliverFile == "" {
			continue
		}
		if _, err := readSecret(g.DeliverFile); err != nil {
			f.wrong("write one line, the password, and give the file to the user that runs postel, mode 0600", "gateway %s: deliver_file: %s", g.ID, err)
		}
		if c.Listen.IsZero() {
			f.doubtful("set http.listen", "gateway %s: another server could bring texts, and nobody listens for them", g.ID)
		}
	}
	if c.Listen.IsZero() {
		return
	}
	if c.Certificate != "" {
		f.certificate("http", c.Certificate, c.Key)
		return
	}
	at, err := netip.ParseAddrPort(c.Listen.Address)
	if c.Listen.Network == "tcp" && err == nil && !at.Addr().IsLoopback() {
		if c.PlainAuth {
			f.doubtful("set http.certificate, or listen on 127.0.0.1 behind a web server", "http: passwords and tokens come in clear over the network")
			return
		}
		f.doubtful("set http.certificate, or listen on 127.0.0.1 behind a web server", "http: whoever asks from other machines is refused for want of https")
	}
}
