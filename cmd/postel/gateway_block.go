package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/mistake"
)

// draft is a [[gateway]] that is being made, behind a configuration that is
// there already.
type draft struct {
	file   string // the configuration
	before []byte
	cfg    *config.Config // what it says; the defaults if it cannot be used yet

	provider              *provider.Provider
	id, number, recipient string
	values                map[string]string // of the provider's needs
	certificate           string            // where the provider knows us by one
	secrets               string            // the file; "": there are no secrets
}

// newDraft reads the configuration. What is wrong with it is said, and does not
// matter: often it lacks nothing but this gateway.
func newDraft(file string, t *terminal) (*draft, error) {
	d := &draft{file: file, id: "new", number: "+15555550100", recipient: "office@example.org", values: map[string]string{}}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(t.err, "note: there is no %s yet; postel setup and postel config sample make one\n", file)
	case err != nil:
		return nil, err
	}
	d.before = data
	if d.cfg, err = d.parse(); err != nil {
		none := config.Default()
		d.cfg = &none
		if len(bytes.TrimSpace(data)) > 0 {
			fmt.Fprintf(t.err, "note: something in %s is wrong, which postel check tells\n", file)
		}
	}
	return d, nil
}

// parse reads the configuration as it will be.
func (d *draft) parse() (*config.Config, error) {
	return config.Parse(d.file, slices.Concat(d.before, []byte(d.block())), drivers)
}

// wrong says what the configuration would have against a key of the new gateway,
// such as "number".
func (d *draft) wrong(key string) error {
	_, err := d.parse()
	problems, _ := errors.AsType[mistake.Problems](err)
	for _, p := range problems {
		if p.Line > bytes.Count(d.before, []byte("\n")) && strings.HasSuffix(p.Key, "]."+key) {
			return errors.New(strings.Join(some(p.What, p.Remedy), "; "))
		}
	}
	return nil
}

// textsAtATime is how many texts are sent at a time: a provider is far away, and not
// busy with one.
const textsAtATime = 8

// block is what stands in postel.toml. It begins with an empty line, to be set
// behind what is there.
func (d *draft) block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n[[gateway]]\nid = %q\ntype = \"http\"\nnumber = %q\ndefault_recipient = %q\n", d.id, d.number, d.recipient)
	if d.provider == nil {
		return b.String()
	}
	n := textsAtATime
	if most := d.provider.Concurrency; most > 0 {
		n = min(n, most)
	}
	fmt.Fprintf(&b, "concurrency = %d\n\n[gateway.http]\nprovider = %q\n", n, d.provider.ID)
	var values []string
	for _, n := range d.provider.Needs {
		if v := d.values[n.Name]; v != "" && !n.Secret {
			values = append(values, n.Name+"="+v)
		}
	}
	if len(values) > 0 {
		fmt.Fprintf(&b, "values = %s\n", quoted(values))
	}
	if d.certificate != "" {
		fmt.Fprintf(&b, "client_certificate = %q\n", d.certificate)
	}
	if d.secrets != "" {
		fmt.Fprintf(&b, "secrets_file = %q\n", d.secrets)
	}
	return b.String()
}

// secretLines are the contents of the file with the secrets.
func (d *draft) secretLines() string {
	var b strings.Builder
	for _, n := range d.provider.Needs {
		if v := d.values[n.Name]; v != "" && n.Secret {
			fmt.Fprintf(&b, "%s=%s\n", n.Name, v)
		}
	}
	return b.String()
}
