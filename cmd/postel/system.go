package main

import (
	"context"
	"errors"
	"net/netip"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/transport/sasl"
)

// systemUsers asks whether passwords are those of mail users.
type systemUsers struct {
	checker  *sasl.Checker
	networks []netip.Prefix // from where they may stand in addresses
}

// openSystem is nil if the configuration names nobody to ask.
func openSystem(c config.System) (*systemUsers, error) {
	if c.Socket == "" {
		return nil, nil
	}
	checker, err := sasl.New(c.Socket, sasl.Options{Service: c.Service})
	if err != nil {
		return nil, err
	}
	return &systemUsers{checker, c.Prefixes()}, nil
}

// verify asks for whoever signs in to the submission server.
func (s *systemUsers) verify(ctx context.Context, user, password string, from smsengine.Identity) error {
	peer, _ := netip.ParseAddr(from.Peer) // the zero address is an unknown one
	err := s.checker.Verify(ctx, user, password, peer, from.Secure)
	if errors.Is(err, sasl.ErrDenied) {
		return account.ErrWrong
	}
	return err
}

// verifyAddress asks for user= and pass= in an address. From elsewhere than the
// named networks, or in clear, nobody is asked: anybody could try the passwords
// of mailboxes on port 25.
func (s *systemUsers) verifyAddress(ctx context.Context, user, password string, from smsengine.Identity) error {
	peer, err := netip.ParseAddr(from.Peer)
	if err != nil || !from.Secure {
		return account.ErrWrong
	}
	for _, n := range s.networks {
		if n.Contains(peer.Unmap()) {
			return s.verify(ctx, user, password, from)
		}
	}
	return account.ErrWrong
}
