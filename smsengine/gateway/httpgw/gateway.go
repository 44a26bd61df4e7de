// Package httpgw sends texts over the HTTP interfaces of providers, as their
// provider files say (package provider).
//
// What it must get right is what became of a text when something goes wrong.
// Until a connection stands, nothing has left. From the first octet of the
// request until the whole answer is there, the text may have been sent, and
// nobody knows: that is Uncertain, and the engine does not repeat it, unless the
// provider tells repetitions by our name for the text. A provider that refuses
// our credentials, or has no credit for us, says nothing about the text: the
// gateway is held, and texts wait or go elsewhere.
package httpgw

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/hook"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// Gateway is one account at a provider.
type Gateway struct {
	id, number, sender string
	provider           *provider.Provider
	settings           map[string]string
	composer           composer
	can                smsengine.Abilities
	auth               *authenticator
	client             *http.Client
	limit              *rate.Limiter // nil: none
	places             chan struct{} // one for each request at a time; nil: any number
	rest               *rest
	hook               *hook.Handler // nil: the provider brings nothing
	mask               mask
	log                *slog.Logger
	underWay           atomic.Int64
	requests           atomic.Uint64
	now                func() time.Time
}

var (
	_ smsengine.Gateway  = (*Gateway)(nil)
	_ smsengine.Splitter = (*Gateway)(nil)
	_ smsengine.Repeater = (*Gateway)(nil)
	_ smsengine.Readier  = (*Gateway)(nil)
	_ smsengine.Checker  = (*Gateway)(nil)
)

// Options are what a gateway gets from the program around it.
type Options struct {
	Files []fs.FS // folders of provider files, the site's first
	// Where the provider brings texts from phones and receipts; "": nowhere. They
	// are as good as passwords.
	IncomingURL, ReceiptsURL string
	// Region whose rules complete numbers that the provider brings as they are
	// dialled at home, ISO 3166; "": none are.
	Region string
	Log    *slog.Logger
}

// New makes the gateway with this ID under our number. Nothing is sent yet.
func New(id, number string, c Config, o Options) (*Gateway, error) {
	g, err := build(id, number, c, o)
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", id, err)
	}
	return g, nil
}

func build(id, number string, c Config, o Options) (*Gateway, error) {
	p, err := provider.Load(c.Provider, o.Files...)
	if err != nil {
		return nil, err
	}
	values, err := settings(p, c)
	if err != nil {
		return nil, err
	}
	values[provider.VarIncoming], values[provider.VarReceipts] = o.IncomingURL, o.ReceiptsURL
	g := &Gateway{id: id, number: number, sender: c.Sender, provider: p, settings: values, log: o.Log, mask: newMask(p, values), now: time.Now}
	if g.sender == "" {
		g.sender = number
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.log = g.log.With("gateway", id)
	g.rest = newRest(g.log)
	g.bound(c)
	if g.composer, err = newComposer(p, values); err != nil {
		return nil, err
	}
	g.can = abilities(p, g.composer)
	if g.hook, err = g.newHook(o.Region); err != nil {
		return nil, err
	}
	timeouts := p.Send.Timeouts
	if c.AnswerTimeout > 0 {
		timeouts.Whole += c.AnswerTimeout - timeouts.Answer
		timeouts.Answer = c.AnswerTimeout
	}
	if p.Send.Auth.Kind == provider.CertificateAuth && c.ClientCertificate == "" {
		return nil, fmt.Errorf("client_certificate: %s knows us by a certificate", p.Name)
	}
	if g.client, err = newClient(c, timeouts); err != nil {
		return nil, err
	}
	g.auth, err = newAuthenticator(p.Send.Auth, g.client, template.Values{Settings: values})
	return g, err
}

// newComposer takes the URL of the provider, or the one that the site has
// written itself.
func newComposer(p *provider.Provider, values map[string]string) (composer, error) {
	c := composer{send: &p.Send, url: p.Send.URL}
	for _, n := range p.Needs {
		if !n.Template {
			continue
		}
		t, err := provider.NewTemplate(values[n.Name], template.URL)
		if err != nil {
			return c, fmt.Errorf("%s: %w", n.Name, err)
		}
		c.url = t
	}
	return c, nil
}

// Whole reports whether the provider cuts long texts.
func (g *Gateway) Whole() bool { return g.provider.Splits == provider.ByProvider }

// Repeats reports whether the provider tells a repetition by our name for the
// text.
func (g *Gateway) Repeats() bool { return g.provider.Send.Repeatable }

// Ready gives a channel that is closed while the provider takes texts. It is
// not while the provider wants to be left alone, holds us for credit or
// credentials, or fails all the time.
func (g *Gateway) Ready() <-chan struct{} { return g.rest.channel() }

// Check tells how the provider was when it was last asked.
func (g *Gateway) Check(context.Context) (smsengine.Health, error) {
	ready, text := g.rest.state()
	if text == "" {
		text = "takes texts"
	}
	h := smsengine.Health{
		Ready: ready, Text: fmt.Sprintf("%s %s", g.provider.Name, text),
		Alarms: g.rest.alarms(g.provider.Name), Readings: g.readings(),
	}
	if n := g.underWay.Load(); n > 0 {
		h.Text += fmt.Sprintf(", %d requests under way", n)
	}
	return h, nil
}

// Provider is what the gateway's provider file says.
func (g *Gateway) Provider() *provider.Provider { return g.provider }

// Close ends idle connections. What is under way goes on; what comes after it
// fails for now.
func (g *Gateway) Close() error {
	g.rest.close()
	g.client.CloseIdleConnections()
	return nil
}

// Send hands a text to the provider.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	v, extra, err := g.values(d)
	if err != nil {
		return smsengine.Taking{}, err
	}
	release, err := g.wait(ctx)
	if err != nil {
		return smsengine.Taking{}, err
	}
	defer release()
	era, err := g.rest.begin(ctx)
	if err != nil {
		return smsengine.Taking{}, unready(err)
	}
	r, good, err := g.ask(ctx, v, extra)
	g.rest.end(era, good)
	if err != nil {
		return smsengine.Taking{}, err
	}
	t := smsengine.Taking{Reference: r.id, Receipts: g.reports(r.id), Whole: g.Whole()}
	switch {
	case !g.can.Sender:
		t.Ours = smsengine.Phone(g.number)
	case v.Sender != "" && strings.Trim(strings.TrimPrefix(v.Sender, "+"), "0123456789") == "":
		t.Ours = smsengine.Phone(v.Sender) // where answers go
	default:
		t.Sender = v.Sender
	}
	return t, nil
}

// reports reports whether receipts will come for a text with this name.
func (g *Gateway) reports(reference string) bool {
	return g.provider.Receipts != nil && reference != "" && g.settings[provider.VarReceipts] != ""
}

func fail(c smsengine.Class, code, text string, cause error) *smsengine.Error {
	return smsengine.Fail("http.Send", c, code, text, cause)
}
