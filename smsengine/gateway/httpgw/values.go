package httpgw

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// settings gives the values of a provider's needs, by name: those of the
// configuration, of the file with the secrets, and the defaults.
func settings(p *provider.Provider, c Config) (map[string]string, error) {
	given, err := given(p, c)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	var missing []string
	for _, n := range p.Needs {
		value := given[n.Name]
		if value == "" {
			value = n.Default
		}
		if value == "" && !n.Optional {
			missing = append(missing, fmt.Sprintf("%s, %s", n.Name, n.Words))
		}
		all[n.Name] = value
	}
	if missing != nil {
		return nil, fmt.Errorf("%s needs %s", p.Name, strings.Join(missing, "; "))
	}
	return all, nil
}

// given are the values that the site gives.
func given(p *provider.Provider, c Config) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range c.Values {
		n, ok := p.Need(v.Name)
		switch _, twice := values[v.Name]; {
		case !ok:
			return nil, fmt.Errorf("values: %s has no use for %q, it needs %s", p.Name, v.Name, names(p))
		case n.Secret:
			return nil, fmt.Errorf("values: %q is a secret: write it into secrets_file", v.Name)
		case twice:
			return nil, fmt.Errorf("values: %q stands there twice", v.Name)
		}
		values[v.Name] = v.Value
	}
	if c.SecretsFile == "" {
		return values, nil
	}
	secrets, err := readSecrets(c.SecretsFile)
	if err != nil {
		return nil, fmt.Errorf("secrets_file: %w", err)
	}
	for name, value := range secrets {
		if _, ok := p.Need(name); !ok {
			return nil, fmt.Errorf("secrets_file: %s has no use for one of the names in %s, it needs %s", p.Name, c.SecretsFile, names(p))
		}
		values[name] = value
	}
	return values, nil
}

func names(p *provider.Provider) string {
	var all []string
	for _, n := range p.Needs {
		all = append(all, n.Name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// readSecrets reads lines of name=value; empty ones and those that begin with
// "#" say nothing. Errors show nothing of the file, in which a mistake is most
// likely a secret.
func readSecrets(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read %s: chmod 600 it", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var v Value
		if err := v.UnmarshalText([]byte(line)); err != nil {
			return nil, fmt.Errorf("%s:%d: want name=value", path, i+1)
		}
		if _, twice := values[v.Name]; twice {
			return nil, fmt.Errorf("%s:%d: this name stands there twice", path, i+1)
		}
		values[v.Name] = v.Value
	}
	if len(values) == 0 {
		return nil, errors.New("there are no lines name=value in " + path)
	}
	return values, nil
}
