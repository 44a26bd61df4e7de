package httpgw

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// Config is one account at an HTTP provider.
type Config struct {
	// The provider: the name of a file in contrib/gateways, or in gateways.d of the
	// site, without ".toml". `postel gateway providers` lists them.
	Provider string `toml:"provider" example:"\"twilio\""`
	// What the provider needs to know, as "name=value"; `postel gateway new` asks
	// for it. Passwords and keys are not written here but in secrets_file.
	Values []Value `toml:"values" example:"[\"account_sid=AC0123456789abcdef0123456789abcdef\"]"`
	// A file with the passwords and keys, each on a line of its own as name=value.
	// Nobody but Postel's user may read it.
	SecretsFile string `toml:"secrets_file" example:"\"/etc/postel/office.secrets\""`
	// What phones show as the sender: a number, a short code or a name that the
	// provider allows. Empty: the gateway's number.
	Sender string `toml:"sender" example:"\"EXAMPLE\""`
	// How many requests are made, such as "10/s", "600/m" or "1000/h". Empty: as the
	// provider file says.
	Rate provider.Rate `toml:"rate" example:"\"10/s\""`
	// The proxy that requests go through, as http://host:port. Empty: none.
	Proxy string `toml:"proxy" example:"\"http://proxy.example.org:3128\""`
	// Certificates in PEM of the authorities that may vouch for the provider's
	// server. Empty: those of the system.
	CAFile string `toml:"ca_file"`
	// A certificate in PEM by which the provider knows us.
	ClientCertificate string `toml:"client_certificate" example:"\"/etc/postel/office.pem\""`
	// Its key in PEM. Empty: it is in the same file.
	ClientKey string `toml:"client_key"`
	// How long the provider may take to answer. Empty: as the provider file says.
	AnswerTimeout provider.Duration `toml:"answer_timeout" example:"\"30s\""`
}

// Default is what an empty table means.
func Default() Config { return Config{} }

// Value is a value that the provider needs, "name=value".
type Value struct{ Name, Value string }

// UnmarshalText reads name and value.
func (v *Value) UnmarshalText(text []byte) error {
	name, value, ok := strings.Cut(string(text), "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return fmt.Errorf("want name=value in quotes, such as %q", "user=postel")
	}
	*v = Value{name, strings.TrimSpace(value)}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.Name + "=" + v.Value), nil }

// proxyURL reads Proxy. A password has no place in it.
func (c Config) proxyURL() (*url.URL, error) {
	if c.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(c.Proxy)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return nil, fmt.Errorf("proxy: want a URL such as %q", "http://proxy.example.org:3128")
	case u.User != nil:
		return nil, fmt.Errorf("proxy: Postel does not log in to proxies: let this machine through by its address")
	}
	return u, nil
}
