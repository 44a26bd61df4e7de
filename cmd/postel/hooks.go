package main

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/transport/hooks"
	"github.com/postel-mail/postel/transport/listen"
)

// providers are the folders of provider files: the site's, then our own.
func providers(cfg *config.Config) []fs.FS {
	return []fs.FS{os.DirFS(cfg.Providers), gateways.Files}
}

// hookSecret is the part of a gateway's address that nobody can guess. It follows
// from the key of the site, so that it stays the same.
func hookSecret(cfg *config.Config, id string) (string, error) {
	key, err := mailbridge.LoadKey(keyOf(cfg.State))
	if err != nil {
		return "", err
	}
	return hooks.Secret(key[:], id), nil
}

// hookURL is where a gateway's provider brings texts and receipts; "" if the
// service listens for none.
func hookURL(cfg *config.Config, id string) (string, error) {
	if cfg.Hooks.Listen.IsZero() {
		return "", nil
	}
	secret, err := hookSecret(cfg, id)
	if err != nil {
		return "", err
	}
	return hooks.URL(cfg.Hooks.URL, id, secret), nil
}

// openHTTP makes the gateway of an HTTP provider. What its provider brings comes
// through the hooks' door.
func (g *generation) openHTTP(c config.Gateway, o httpgw.Config) (*httpgw.Gateway, error) {
	at, err := hookURL(g.cfg, c.ID)
	if err != nil {
		return nil, err
	}
	gateway, err := httpgw.New(c.ID, c.Number, o, httpgw.Options{
		Files: providers(g.cfg), IncomingURL: at, ReceiptsURL: at, Region: g.cfg.Region, Log: g.log,
	})
	if err != nil {
		return nil, err
	}
	if h := gateway.Hook(); h != nil && at != "" {
		secret, err := hookSecret(g.cfg, c.ID)
		if err != nil {
			return nil, err
		}
		g.hooks = append(g.hooks, hooks.Hook{Gateway: c.ID, Secret: secret, Handler: h})
	}
	return gateway, nil
}

// newHooks makes the door of the providers.
func (g *generation) newHooks() (server, error) {
	c := g.cfg.Hooks
	o := hooks.Options{Base: c.URL, Hooks: g.hooks, Proxies: c.Prefixes(), Log: g.log}
	if c.Certificate != "" {
		certificate, err := listen.LoadCertificate(c.Certificate, c.Key, g.log)
		if err != nil {
			return nil, fmt.Errorf("hooks.certificate: %w", err)
		}
		o.TLS = certificate.Config()
	}
	server, err := hooks.New(o)
	return hooksDoor{server}, err
}

// hooksDoor is a hooks.Server, which takes any listener, as a server.
type hooksDoor struct{ *hooks.Server }

func (h hooksDoor) Serve(l *listen.Listener) error { return h.Server.Serve(l) }
