package setup

import (
	"context"
	"errors"
	"fmt"
)

// Class is how Postfix sees a domain (ADDRESS_CLASS_README).
type Class string

// Classes of domains, in the order in which Postfix looks.
const (
	Local   Class = "mydestination"
	Alias   Class = "virtual_alias_domains"
	Virtual Class = "virtual_mailbox_domains"
	Relay   Class = "relay_domains"
	Foreign Class = "" // somebody else's domain
)

// recipients names the parameter that lists the recipients of a class.
func (c Class) recipients() string {
	switch c {
	case Local:
		return "local_recipient_maps"
	case Alias:
		return "virtual_alias_maps"
	case Virtual:
		return "virtual_mailbox_maps"
	default:
		return "relay_recipient_maps"
	}
}

// Classes gives all classes that a domain is listed in; the first one counts.
func (p *Postfix) Classes(ctx context.Context, domain string) (in []Class, err error) {
	for _, c := range []Class{Local, Alias, Virtual, Relay} {
		listed, e := p.Lists(ctx, p.Full[string(c)], domain)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", c, e))
		}
		if listed {
			in = append(in, c)
		}
	}
	return in, err
}
