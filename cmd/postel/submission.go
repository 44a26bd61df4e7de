package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/transport/listen"
	"github.com/postel-mail/postel/transport/lmtp"
	"github.com/postel-mail/postel/transport/lmtp/smarthost"
)

// submission makes the server of [submission]; implicit is for its second
// socket.
func (g *generation) submission(implicit bool) (server, error) {
	c := g.cfg.Submission
	o := lmtp.Options{
		Desk: g.engine, Phones: g.stages.Parser, Letters: g.letters(), SMTP: true, Host: g.cfg.Hostname,
		MaxSize: int64(c.MaxSize), MaxRecipients: c.MaxRecipients, MaxPerClient: c.MaxPerClient, Log: g.log,
	}
	o.Submission = lmtp.Submission{
		Implicit: implicit, Authenticator: g.logins(), PlainAuth: c.PlainAuth, MaxFailures: c.MaxFailures,
	}
	for _, n := range g.stages.Accounts.Networks {
		o.Clients = append(o.Clients, n.Prefix)
	}
	var err error
	if c.Certificate != "" {
		if o.TLS, err = g.certificate(); err != nil {
			return nil, err
		}
	}
	if c.Smarthost != "" {
		if o.Relay, err = g.smarthost(); err != nil {
			return nil, err
		}
	}
	return lmtp.New(o), nil
}

func (g *generation) certificate() (*tls.Config, error) {
	c, err := listen.LoadCertificate(g.cfg.Submission.Certificate, g.cfg.Submission.Key, g.log)
	if err != nil {
		return nil, fmt.Errorf("submission.certificate: %w", err)
	}
	return c.Config(), nil
}

func (g *generation) smarthost() (*smarthost.Host, error) {
	c := g.cfg.Submission
	o := smarthost.Options{Address: c.Smarthost, Security: smarthost.Security(c.SmarthostSecurity), Name: g.cfg.Hostname}
	if c.SmarthostLogin != "" {
		var err error
		if o.User, o.Password, err = readLogin(c.SmarthostLogin); err != nil {
			return nil, fmt.Errorf("submission.smarthost_login: %w", err)
		}
	}
	return smarthost.New(o)
}

// readLogin reads a file of one line, user:password, that only we may read.
func readLogin(path string) (user, password string, err error) {
	if err := ownersOnly(path); err != nil {
		return "", "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	user, password, ok := strings.Cut(strings.TrimRight(string(b), "\r\n"), ":")
	if !ok || user == "" || password == "" || strings.ContainsAny(password, "\r\n") {
		return "", "", fmt.Errorf("%s does not hold one line, user:password", path)
	}
	return user, password, nil
}

// logins verifies who signs in to the submission server: accounts and, where the
// site has such a service, mail users.
type logins struct {
	accounts  account.Decider
	directory func(context.Context) (*smsengine.Directory, error)
}

func (g *generation) logins() logins {
	l := logins{accounts: *g.stages.Accounts, directory: g.store.Directory}
	if l.accounts.System = nil; g.system != nil {
		l.accounts.System = g.system.verify
	}
	return l
}

// Authenticate implements lmtp.Authenticator. A password comes here only where
// nobody can listen: inside of TLS, or inside of this machine.
func (l logins) Authenticate(ctx context.Context, user, password string, peer netip.Addr) (smsengine.Identity, error) {
	dir, err := l.directory(ctx)
	if err != nil {
		return smsengine.Identity{}, err
	}
	from := smsengine.Identity{Secure: true}
	if peer.IsValid() {
		from.Peer = peer.String()
	}
	id, err := l.accounts.Authenticate(ctx, dir, []string{user}, password, from)
	if errors.Is(err, account.ErrWrong) {
		err = smsengine.Fail("login", smsengine.Permanent, "5.7.8", "wrong user name or password", nil)
	}
	return id, err
}
