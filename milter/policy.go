package milter

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/listen"
)

// Guard answers Postfix's policy delegation protocol (SMTPD_POLICY_README), and
// on the same socket Sendmail's questions (socketmap.go). It
// decides nothing about people and quotas: the milter does, which knows the
// other recipients of the mail, and one decision is enough. What the Guard says
// is that the milter is there: Postfix takes no answer for 451, and a phone
// recipient of a mail that the milter does not see is told to come again.
type Guard struct {
	GuardOptions
	listeners listen.Group
}

// GuardOptions are what a Guard is made of.
type GuardOptions struct {
	Phones *phone.Parser
	Seen   *Presence    // of the milter that must see the mails of phone recipients; nil: none need
	Log    *slog.Logger // nil: slog.Default()
}

// NewGuard makes a guard. It answers nobody until Serve.
func NewGuard(o GuardOptions) *Guard {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Guard{GuardOptions: o}
}

// Serve answers the listener's connections until Shutdown, and returns nil then.
func (g *Guard) Serve(l *listen.Listener) error {
	return g.listeners.Serve(l, func(c *listen.Conn) { go g.converse(c) })
}

// Shutdown stops listening and ends connections between requests; it cuts what
// is left when ctx ends and returns its error then.
func (g *Guard) Shutdown(ctx context.Context) error { return g.listeners.Drain(ctx) }

// converse answers requests until the peer goes. What is not a request ends the
// connection: Postfix then defers the recipient, which is what a guard is for.
func (g *Guard) converse(c *listen.Conn) {
	defer c.Close()
	for {
		c.SetIdle(true)
		first, err := c.Reader.Peek(1)
		if err != nil {
			return
		}
		c.SetIdle(false)
		if isSocketmap(first[0]) {
			if err := g.lookUp(c.Reader, c); err != nil {
				g.Log.Warn("socketmap question refused", "err", err)
				return
			}
			continue
		}
		r, err := readRequest(c.Reader)
		if err != nil {
			g.Log.Warn("policy request refused", "err", err)
			return
		}
		if _, err := io.WriteString(c, "action="+g.action(r)+"\n\n"); err != nil {
			return
		}
	}
}

// unseen is the answer to a mail that slips past the milter.
const unseen = "451 4.3.0 the phone service does not see this mail: it was restarted or is busy, try again"

// action is what Postfix shall do with a recipient. DUNNO leaves it to the
// restrictions that follow.
func (g *Guard) action(r request) string {
	if _, isPhone, _ := g.Phones.Parse(r.recipient); !isPhone || g.Seen == nil {
		return "DUNNO"
	}
	if !g.Seen.sees(r.address, r.port) {
		g.Log.Warn("a mail for a phone is not seen by the milter", "peer", r.address)
		return unseen
	}
	return "DUNNO"
}

// request is what the Guard looks at.
type request struct{ recipient, address, port string }

// Bounds of a request. Postfix sends some forty attributes.
const (
	maxAttributes = 200
	maxRequest    = 64 << 10 // octets
)

// readRequest reads name=value lines up to the empty one.
func readRequest(r *bufio.Reader) (request, error) {
	var req request
	known, size := false, 0
	for range maxAttributes {
		raw, err := r.ReadSlice('\n')
		if err != nil {
			return request{}, err
		}
		if size += len(raw); size > maxRequest {
			break
		}
		line := strings.TrimRight(string(raw), "\r\n")
		if line == "" {
			if !known {
				return request{}, errors.New("not a request for an access policy")
			}
			return req, nil
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return request{}, errors.New("a line without =")
		}
		switch name {
		case "request":
			known = value == "smtpd_access_policy"
		case "recipient":
			req.recipient = value
		case "client_address":
			req.address = value
		case "client_port":
			req.port = value
		}
	}
	return request{}, errors.New("request too long")
}
