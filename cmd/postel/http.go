package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/transport/httpapi"
	"github.com/postel-mail/postel/transport/httpapi/monitor"
	"github.com/postel-mail/postel/transport/httpapi/sms"
	"github.com/postel-mail/postel/transport/listen"
)

// newHTTP makes the door for programs.
func (g *generation) newHTTP() (server, error) {
	c := g.cfg.HTTP
	mounts, err := g.mounts()
	if err != nil {
		return nil, err
	}
	o := httpapi.Options{
		Mounts: mounts, Base: c.URL, Proxies: c.Prefixes(), PlainAuth: c.PlainAuth,
		Rate: float64(c.Rate), PerClient: c.MaxPerClient, Log: g.log,
	}
	if c.Rate == 0 {
		o.Rate = -1
	}
	if c.Certificate != "" {
		certificate, err := listen.LoadCertificate(c.Certificate, c.Key, g.log)
		if err != nil {
			return nil, fmt.Errorf("http.certificate: %w", err)
		}
		o.TLS = certificate.Config()
	}
	return httpDoor{httpapi.New(o)}, nil
}

// mounts are what the door answers.
func (g *generation) mounts() (map[string]http.Handler, error) {
	prefix, domain := g.home()
	gateways, err := g.deliveries()
	if err != nil {
		return nil, err
	}
	texts := sms.Options{
		Desk: g.engine, Logins: g.programs(), Phones: g.stages.Parser, Prefix: prefix, Domain: domain, Log: g.log,
	}
	if len(gateways.passwords) > 0 {
		texts.Gateways = gateways
	}
	return map[string]http.Handler{
		"/sms/": sms.New(texts), "/v1/": g.newV1(prefix, domain),
		"/healthz": monitor.Health(), "/readyz": g.ready,
		"/metrics": monitor.Metrics(g.figures, g.programs(), g.cfg.HTTP.Monitors()),
	}, nil
}

// httpDoor is an httpapi.Server, which takes any listener, as a server.
type httpDoor struct{ *httpapi.Server }

func (h httpDoor) Serve(l *listen.Listener) error { return h.Server.Serve(l) }

// programs verifies who asks over HTTP: accounts, mail users from where the site
// allows their passwords in addresses, and tokens.
type programs struct {
	accounts  *account.Decider
	directory func(context.Context) (*smsengine.Directory, error)
}

func (g *generation) programs() programs { return programs{g.stages.Accounts, g.store.Directory} }

// Password implements httpapi.Logins.
func (p programs) Password(ctx context.Context, users []string, password string, from smsengine.Identity) (httpapi.Login, error) {
	dir, err := p.directory(ctx)
	if err != nil {
		return httpapi.Login{}, err
	}
	id, err := p.accounts.Authenticate(ctx, dir, users, password, from)
	return httpapi.Login{
		Identity: id, Account: id.User,
		Scopes:  smsengine.ScopeSend | smsengine.ScopeRead | smsengine.ScopeIncoming | smsengine.ScopeWebhooks,
		Answers: answersOf(dir, id.User),
	}, worded(err, "wrong user name or password")
}

// Token implements httpapi.Logins.
func (p programs) Token(ctx context.Context, token string, from smsengine.Identity) (httpapi.Login, error) {
	dir, err := p.directory(ctx)
	if err != nil {
		return httpapi.Login{}, err
	}
	k, err := p.accounts.Token(dir, token, from.Peer, time.Now())
	if err != nil {
		return httpapi.Login{}, worded(err, "this token is not valid (any more)")
	}
	from.Method, from.User, from.Key = smsengine.MethodKey, k.Account, k.ID
	return httpapi.Login{Identity: from, Account: k.Account, Scopes: k.Scopes, Answers: answersOf(dir, k.Account)}, nil
}

// answersOf is where answers to an account's texts go if it does not say: its
// contact, the mailbox of a mail user, else the list that its programs read.
func answersOf(dir *smsengine.Directory, name string) smsengine.Address {
	switch a, _ := dir.Account(name); {
	case a.Contact != "":
		return smsengine.Mailbox(a.Contact)
	case strings.Contains(name, "@"):
		return smsengine.Mailbox(name)
	}
	return smsengine.Inbox(name)
}

// worded gives account.ErrWrong words for strangers.
func worded(err error, words string) error {
	if errors.Is(err, account.ErrWrong) {
		return smsengine.Fail("login", smsengine.Permanent, "5.7.8", words, nil)
	}
	return err
}

// deliveries are the gateways for which other servers bring texts from phones.
type deliveries struct {
	passwords map[string]string            // by gateway
	numbers   map[string]smsengine.Address // ours, by gateway
	tries     *account.Verifier
	sink      func(gateway string) smsengine.Sink
}

func (g *generation) deliveries() (deliveries, error) {
	d := deliveries{map[string]string{}, numbers(g.cfg), g.stages.Accounts.Passwords, g.engine.Sink}
	for _, c := range g.cfg.Gateways {
		if c.DeliverFile == "" {
			continue
		}
		password, err := readSecret(c.DeliverFile)
		if err != nil {
			return d, fmt.Errorf("gateway %s: deliver_file: %w", c.ID, err)
		}
		d.passwords[c.ID] = password
	}
	return d, nil
}

// Open implements sms.Gateways. Wrong passwords are counted as those of accounts
// are: the manual of the old service calls them PINs, and they are short.
func (d deliveries) Open(_ context.Context, id, password string, from smsengine.Identity) (smsengine.Sink, error) {
	want, there := d.passwords[id]
	tries := "#deliver"
	if there {
		tries += " " + id
	}
	if err := d.tries.Wait(tries, from.Peer); err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(password)) != 1 || !there {
		d.tries.Wrong(tries, from.Peer)
		return nil, smsengine.Fail("deliver", smsengine.Permanent, "5.7.8", "wrong gateway or password", nil)
	}
	return numbered{d.sink(id), d.numbers[id]}, nil
}

// numbered is the sink of a gateway whose texts came to our number there, which
// the other server does not tell.
type numbered struct {
	smsengine.Sink
	ours smsengine.Address
}

func (n numbered) Incoming(ctx context.Context, in smsengine.IncomingPart) error {
	if in.To.IsZero() {
		in.To = n.ours
	}
	return n.Sink.Incoming(ctx, in)
}

// readSecret reads a file of one line that only we may read.
func readSecret(path string) (string, error) {
	if err := ownersOnly(path); err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(b))
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", fmt.Errorf("%s does not hold one line, the password", path)
	}
	return password, nil
}
