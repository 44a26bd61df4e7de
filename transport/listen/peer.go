package listen

import (
	"fmt"
	"net"
	"os"
	"slices"
)

// peers are the users that may connect.
type peers struct {
	uids []int // nil: everybody
}

func newPeers(names []string) (*peers, error) {
	if slices.Contains(names, "*") {
		return &peers{}, nil
	}
	uids := []int{0, os.Geteuid()}
	for _, name := range names {
		uid, err := userID(name)
		if err != nil {
			return nil, fmt.Errorf("peers: %w", err)
		}
		uids = append(uids, uid)
	}
	return &peers{uids}, nil
}

// check returns an error if the user at the other end may not connect.
func (p *peers) check(c net.Conn) error {
	if p == nil || p.uids == nil {
		return nil
	}
	uid, err := peerUID(c)
	if err != nil {
		return fmt.Errorf("cannot tell who connects: %w", err)
	}
	if !slices.Contains(p.uids, uid) {
		return fmt.Errorf("user %d is not among the peers", uid)
	}
	return nil
}
