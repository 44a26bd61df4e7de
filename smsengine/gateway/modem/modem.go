// Package modem drives a GSM modem on a serial or USB port, in PDU mode.
//
// A [Gateway] is one modem with its SIM card. From New to Close one goroutine
// keeps it alive (life.go): it opens the port, makes the modem ready (a line),
// and serves it until it fails; then it recovers, step by step. Send puts parts
// through the line that there is (send.go). What phones sent and what the network
// reports is taken from the modem's memory, or from its mouth, only once the Sink
// has it (inbox.go).
//
// Everything that is asked of the modem goes through package at, what is on the
// air through package tpdu; this package knows neither octets nor line ends.
package modem

import (
	"context"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// Options are what a Gateway is given beside its configuration.
type Options struct {
	// Pins is the file that remembers which PINs were tried, on which SIM cards. It
	// may be shared by all modems of a service.
	Pins string
	Log  *slog.Logger // nil: none
	// Region whose rules complete senders' numbers that come without their country
	// code, ISO 3166; "": none are.
	Region string

	// AT are the times of package at, for tests and for odd modems; zero: its own.
	AT at.Options
	// Rests are the pauses that modems want; zero: their own.
	Rests Rests
}

// Rests are the pauses and patience of the life of a modem. The zero value stands
// for those that the field has proved.
type Rests struct {
	AfterPIN   time.Duration // before the next command; 2 s
	AfterClose time.Duration // before the port is opened again; 1 s
	Reopen     time.Duration // between tries to open a port that is not there or does not answer; 2 s, growing to Most
	Most       time.Duration // 1 min
	Boot       time.Duration // how long a restarted modem may be away; 60 s
	Network    time.Duration // how long a modem may look for its network before that is an alarm; 5 min
	Missing    time.Duration // how long its port may be missing before that is an alarm; 1 min
	Balance    time.Duration // how long the network may take to tell the balance; 1 min
}

var (
	_ smsengine.Gateway  = (*Gateway)(nil)
	_ smsengine.Receiver = (*Gateway)(nil)
	_ smsengine.Checker  = (*Gateway)(nil)
	_ smsengine.Opener   = (*Gateway)(nil)
	_ smsengine.Readier  = (*Gateway)(nil)
)

// Gateway is a modem.
type Gateway struct {
	id     string
	number smsengine.Address // ours
	config Config
	o      Options
	log    *slog.Logger

	state  *state         // how it is
	inbox  *inbox         // what it has heard
	outbox outbox         // whose turn it is to send
	pins   pins           // which PINs were tried
	amount *regexp.Regexp // finds the balance in the answer to its code
	opened sync.Once      // its life has begun, or will not
	alive  context.Context
	end    context.CancelFunc
	ended  chan struct{} // closed when its life has ended

	nextBalance time.Time // when the balance is asked for

	failures atomic.Int32 // sessions in a row that came to nothing
	rounds   atomic.Int32 // sessions in a row that ended with texts that could not be sent
}

// New makes a gateway, which begins with Open. Its modem need not be there. Nothing is
// lost before the first Listen: what phones send stays in the modem. The error is a configuration that cannot work, or a Pins file that
// cannot be read.
func New(id, number string, c Config, o Options) (*Gateway, error) {
	g := &Gateway{id: id, number: smsengine.Phone(number), config: c, o: o, log: o.Log, ended: make(chan struct{})}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.log = g.log.With("gateway", id)
	if err := g.prepare(); err != nil {
		return nil, err
	}
	g.alive, g.end = context.WithCancel(context.Background())
	return g, nil
}

// Open begins to look for the modem. Only the first call does something.
func (g *Gateway) Open() {
	g.opened.Do(func() {
		go func() {
			defer close(g.ended)
			g.live(g.alive)
		}()
	})
}

// Close lets the modem go, and returns once its port is closed. A send under way
// is in doubt then.
func (g *Gateway) Close() error {
	g.end()
	g.opened.Do(func() { close(g.ended) })
	<-g.ended
	return nil
}

// Ready gives a channel that is closed while texts can be sent.
func (g *Gateway) Ready() <-chan struct{} { return g.state.ready() }

// Check tells how the modem is, as last seen.
func (g *Gateway) Check(context.Context) (smsengine.Health, error) { return g.state.health(), nil }
