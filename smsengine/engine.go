package smsengine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what an engine is made of.
type Config struct {
	Node     string // name of this node; a life of the engine is Node and a new ID
	Store    Store
	Gateways map[string]Lane // by gateway ID; MailGateway is the MTA
	Outgoing []Stage         // decides texts to phones
	Incoming []Stage         // decides texts from phones
	Log      *slog.Logger
	Zone     *time.Location // of the gateways' hours and days; nil: UTC

	Administrator Address          // hears of alarms, and of mailboxes that refuse texts from phones; zero: nobody
	Now           func() time.Time // nil: time.Now

	Retry      Retry
	Repeat     int           // how often an unsure text is sent again unasked; 0: never
	Incomplete time.Duration // how long a long text waits for its parts; 0: 24 h
	Sweep      time.Duration // how often leases, expiry, delays and alarms are looked at; 0: 10 s
}

// Lane is a gateway and how much may be under way with it at once.
type Lane struct {
	Gateway     Gateway
	Number      Address       // ours on it; zero if it has none of its own
	Concurrency int           // 0: 1
	Timeout     time.Duration // for one Send; 0: 3 minutes

	Weight  int     // against others of its group; 0: 1
	Rates   []Rate  // at most one of a second, a minute, a day
	Hours   Hours   // in which messages are begun; none: always
	Breaker Breaker // zero: nothing keeps work away from it when it fails
}

// Engine brings every message to an end. It is the [Desk] of all doors and the
// [Sink] of all gateways. The gateways are its own: those that are io.Closers are
// closed once nothing uses them any more.
type Engine struct {
	cfg     Config // but for what is in the setting
	life    string // who holds our leases: "node/id"
	setting atomic.Pointer[setting]
	turns   turns
	log     *slog.Logger

	freed   chan struct{}      // a lane has room again, and messages wait for it
	ready   chan PartSet       // complete texts from phones
	kill    context.CancelFunc // ends the attempts under way
	alive   context.Context
	running atomic.Bool // claims are made
	backlog atomic.Bool // messages may wait for places
	pruned  time.Time   // when the sweeper had old counters forgotten
	mu      sync.Mutex
	flight  map[MessageID]bool // messages that this engine is sending

	change sync.Mutex      // held while gateways begin, retire and are over
	phase  phase           // of the gateways' work
	stints []*stint        // that are not over, in order of their begin
	pasts  map[string]past // of every ID that there ever was
}

// New makes an engine. It does nothing until Run, but Check and Submit work. One
// that never runs is to be closed, if it has gateways.
func New(cfg Config) *Engine {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Sweep == 0 {
		cfg.Sweep = 10 * time.Second
	}
	e := &Engine{
		cfg: cfg, life: cfg.Node + "/" + newID(cfg.Now()), log: cfg.Log,
		freed: make(chan struct{}, 1), ready: make(chan PartSet, 1024),
		flight: make(map[MessageID]bool), pasts: make(map[string]past),
	}
	e.alive, e.kill = context.WithCancel(context.Background())
	e.adopt(cfg)
	return e
}

// Run takes up what an earlier life left, and then works until ctx ends. It
// then claims nothing more and waits for the attempts under way, at most for
// drain; what still runs then is recorded as in doubt. It ends when the gateways
// are closed. The Store must outlive Run. An engine runs once.
func (e *Engine) Run(ctx context.Context, drain time.Duration) {
	e.sweep(ctx)
	if !e.openAll() {
		return
	}
	var loops sync.WaitGroup
	loops.Go(func() { e.dispatch(ctx) })
	loops.Go(func() { e.sweepLoop(ctx) })
	loops.Go(func() { e.watchLoop(ctx) })
	for range 4 {
		loops.Go(func() { e.consumeLoop(ctx) })
	}
	<-ctx.Done()
	e.shutAll()
	loops.Wait()

	stop := time.AfterFunc(drain, e.kill)
	_ = e.await() // each is logged
	stop.Stop()
	e.kill()
}

// Request does what a person asks of a message: cancel, hold, resume, repeat.
func (e *Engine) Request(ctx context.Context, id MessageID, kind EventKind, by string) (Message, error) {
	switch kind {
	case CancelReq, HoldReq, ResumeReq, RepeatReq:
	default:
		return Message{}, ErrTransition
	}
	rs, err := e.cfg.Store.Record(ctx, []Event{{Message: id, Kind: kind, At: e.now(), By: by}})
	if err != nil {
		return Message{}, err
	}
	return rs[0].Message, rs[0].Err
}

// now is the time of a decision: UTC, to the millisecond that the Store keeps.
func (e *Engine) now() time.Time { return e.cfg.Now().UTC().Truncate(time.Millisecond) }
