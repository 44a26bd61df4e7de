package listen

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is a server's certificate in two files of PEM: the chain, and its
// private key. It notices when they are renewed; connections that are open keep
// what they began with.
type Certificate struct {
	chain, key string
	log        *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	version [2]stamp  // of the files that current was read from
	failed  [2]stamp  // of the files that could not be read, as logged
	checked time.Time // when the files were last looked at
}

// stamp tells one version of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = 3 * time.Second

// LoadCertificate reads the files. A nil log is slog.Default().
func LoadCertificate(chain, key string, log *slog.Logger) (*Certificate, error) {
	if log == nil {
		log = slog.Default()
	}
	c := &Certificate{chain: chain, key: key, log: log}
	return c, c.Reload()
}

// Config is for servers: TLS 1.2 or later, with this certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// Reload reads the files anew. On an error the certificate stays what it was.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load(c.stat())
}

func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= checkEvery {
		c.checked = now
		if found := c.stat(); found != c.version {
			// Chain and key are two files, and one may be new and the other not yet:
			// this is looked at again.
			if err := c.load(found); err == nil {
				c.log.Info("certificate renewed", "file", c.chain)
			} else if found != c.failed {
				c.failed = found
				c.log.Error("certificate cannot be read, keeping the old one", "file", c.chain, "err", err)
			}
		}
	}
	return c.current, nil
}

func (c *Certificate) load(found [2]stamp) error {
	read, err := tls.LoadX509KeyPair(c.chain, c.key)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	c.current, c.version = &read, found
	return nil
}

func (c *Certificate) stat() (found [2]stamp) {
	for i, file := range []string{c.chain, c.key} {
		if info, err := os.Stat(file); err == nil {
			found[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return found
}
