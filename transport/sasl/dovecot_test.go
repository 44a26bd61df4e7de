package sasl_test

import (
	"errors"
	"net/netip"
	"os"
	"sync"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/transport/sasl"
)

// The real Dovecot, on the socket that it has for Postfix.
func TestRealDovecot(t *testing.T) {
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John, testbed.Mary)
	socket := h.Path("var/spool/postfix/private/auth")
	if _, err := os.Stat(socket); err != nil {
		t.Fatal(err)
	}
	c, err := sasl.New("dovecot:"+socket, sasl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer := netip.MustParseAddr("127.0.0.1")
	var all sync.WaitGroup
	for range 4 {
		for _, u := range []testbed.User{testbed.John, testbed.Mary} {
			all.Go(func() {
				for _, name := range []string{u.Name, u.Address()} {
					if err := c.Verify(t.Context(), name, u.Password, peer, true); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
	}
	all.Wait()
	for _, wrong := range [][2]string{
		{"john", "guess"}, {"nobody-here", "secret"}, {"john", "sesame"}, {"jo\thn", "secret"}, {"john", "secret\n"},
	} {
		if err := c.Verify(t.Context(), wrong[0], wrong[1], peer, true); !errors.Is(err, sasl.ErrDenied) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := c.Verify(t.Context(), "john", "secret", netip.Addr{}, false); err != nil {
		t.Errorf("without TLS, where Dovecot allows it: %v", err)
	}
}
