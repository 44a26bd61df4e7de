package httpgw

import (
	"io/fs"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// Abilities are those that the provider's file tells of, which is looked for in
// the folders, the first first.
func (c *Config) Abilities(files ...fs.FS) (smsengine.Abilities, error) {
	p, err := provider.Load(c.Provider, files...)
	if err != nil {
		return smsengine.Abilities{}, err
	}
	return abilities(p), nil
}

// abilities are what a provider carries. One that cuts texts itself is told of no
// national tables, and takes data in one part.
func abilities(p *provider.Provider) smsengine.Abilities {
	a := smsengine.Abilities{Alphabets: p.Alphabets, MaxParts: p.MaxParts, Sender: true, Receipts: p.Receipts != nil}
	if p.Splits == provider.ByProvider {
		a.National, a.Octets = true, 1
	}
	return a
}
