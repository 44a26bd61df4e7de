package deed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Options say where things are done.
type Options struct {
	Databases []Database // that statements may name
	Version   string     // of Postel, for User-Agent

	Texts Texts // where texts are that digests gathered
	// Digest makes the text that tells of those that a digest gathered, oldest first.
	// It has the same key each time.
	Digest func(ctx context.Context, d smsengine.Delivery, by rule.Digest, texts iter.Seq[smsengine.Message]) (smsengine.Message, error)
}

// Gateway does what rules want done. Its ID is [smsengine.RulesGateway].
type Gateway struct {
	o      Options
	client *http.Client
	pools  map[string]*pool // by database
}

var (
	_ smsengine.Gateway  = (*Gateway)(nil)
	_ smsengine.Splitter = (*Gateway)(nil)
	_ smsengine.Repeater = (*Gateway)(nil)
)

// New checks the databases. It connects to them when there is something to do.
func New(o Options) (*Gateway, error) {
	g := &Gateway{o: o, client: newClient(), pools: map[string]*pool{}}
	for _, d := range o.Databases {
		p, err := open(d)
		if err != nil {
			return nil, errors.Join(err, g.Close())
		}
		g.pools[d.ID] = p
	}
	return g, nil
}

// Send does it. The reference is what a program wrote, or how a server answered.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	effect, err := rule.UnmarshalEffect(d.Message.Body.Deed)
	if err != nil {
		return smsengine.Taking{}, fail(smsengine.Permanent, "5.6.0", "what the rule wants cannot be read", err)
	}
	var said string
	switch e := effect.(type) {
	case rule.Run:
		said, err = runProgram(ctx, e)
	case rule.Call:
		said, err = g.call(ctx, e)
	case rule.SQL:
		said, err = g.execute(ctx, e)
	case rule.Digest:
		said, err = g.digest(ctx, d, e)
	default:
		err = fail(smsengine.Permanent, "5.6.0", fmt.Sprintf("there is no way to do %q", effect.Kind()), nil)
	}
	if err != nil {
		return smsengine.Taking{}, err
	}
	return smsengine.Taking{Reference: said, Whole: true, Delivered: true}, nil
}

// Whole tells the engine that there is nothing to cut.
func (g *Gateway) Whole() bool { return true }

// Repeats tells the engine that what was perhaps done may be done again.
func (g *Gateway) Repeats() bool { return true }

// Close ends the connections.
func (g *Gateway) Close() error {
	g.client.CloseIdleConnections()
	var errs []error
	for _, p := range g.pools {
		errs = append(errs, p.db.Close())
	}
	return errors.Join(errs...)
}

func fail(class smsengine.Class, code, text string, cause error) *smsengine.Error {
	return smsengine.Fail("rules.Send", class, code, text, cause)
}

// maxSaid bounds what the trace keeps of an answer, in octets.
const maxSaid = 500

// line makes one line of what a program wrote.
func line(b []byte) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), "?"))
	s = strings.Join(strings.Fields(s), " ")
	for n := maxSaid; len(s) > n; n-- {
		if utf8.RuneStart(s[n]) {
			return s[:n] + "…"
		}
	}
	return s
}
