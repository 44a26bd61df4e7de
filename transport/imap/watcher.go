// Package imap is the door for hosted mail, where nothing can be installed: it
// watches a folder of a mailbox at somebody else's IMAP server, and submits what
// arrives there for phones.
//
// A [Watcher] lives in three loops. Run keeps a connection, and makes another
// when it is lost. A visit is what is done over one: look through the folder,
// then wait for news (IDLE, RFC 2177). And each mail found is taken in turn: its
// recipients are the phones that its header names, who sent it is proved by an
// Authentication-Results field that the hoster wrote (RFC 8601) or by what the
// address says, and when Submit has returned, never before, it is moved away.
//
// A mail whose move is lost is submitted again, which makes no second text: the
// engine knows it by its Message-ID.
package imap

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Options are what a Watcher is made of.
type Options struct {
	ID       string // of the mailbox, in the log
	Server   mailbox.Server
	User     string
	Password phone.Secret

	Folder  string // that is watched; "": INBOX
	Done    string // where mail goes whose texts are queued; "": Done
	Refused string // where mail goes that was refused; "": Refused
	// AuthServer is the authserv-id of the Authentication-Results that are believed;
	// "": none are.
	AuthServer string

	Desk      smsengine.Desk
	Letterbox mailbridge.Letterbox
	Expiry    time.Duration // mail that is older is refused; 0: 5 days
	MaxSize   int64         // larger mail is refused, in octets; 0: 25 MB

	Poll  time.Duration   // how often a server without IDLE is asked; 0: 1 minute
	Renew time.Duration   // how long IDLE lasts at most; 0: 9 minutes, within what routers remember
	Retry smsengine.Retry // between connections, and between attempts at a mail
	Log   *slog.Logger
	Now   func() time.Time
}

// Watcher watches one folder.
type Watcher struct {
	Options
	known known
}

// known is what is known of mails that stay in the folder, by UID.
type known struct {
	validity uint32               // of the UIDs (RFC 9051 §2.3.1.1)
	later    map[imap.UID]attempt // refused for now
	left     map[imap.UID]bool    // for no phone
}

type attempt struct {
	n    int
	next time.Time
}

// New makes a Watcher.
func New(o Options) *Watcher {
	o.Folder, o.Done, o.Refused = cmp.Or(o.Folder, "INBOX"), cmp.Or(o.Done, "Done"), cmp.Or(o.Refused, "Refused")
	o.Expiry = cmp.Or(o.Expiry, 5*24*time.Hour)
	o.MaxSize = cmp.Or(o.MaxSize, 25<<20)
	o.Poll, o.Renew = cmp.Or(o.Poll, time.Minute), cmp.Or(o.Renew, 9*time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Letterbox.Tell = true
	o.Log = o.Log.With("mailbox", o.ID)
	return &Watcher{Options: o}
}

// door is how sources name the Watcher.
func (w *Watcher) door() string { return "imap:" + w.ID }

// grace is how long a mail that is under way may take when the service ends.
const grace = 10 * time.Second

// Run watches until ctx ends. The mail that is under way then is finished, if that
// takes no more than a few seconds: what was submitted should be moved, too.
func (w *Watcher) Run(ctx context.Context) {
	under, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	for failures := 0; ctx.Err() == nil; {
		v := &visit{Watcher: w, ctx: ctx, under: under, news: make(chan struct{}, 1)}
		began := time.Now()
		err := v.run()
		if ctx.Err() != nil {
			return
		}
		failures++
		rest := w.Retry.After(failures)
		if time.Since(began) > lasting { // servers end sessions now and then
			failures, rest = 0, min(rest, 2*time.Second)
		}
		rest = jitter(rest)
		w.Log.Warn("the connection to the mailbox failed", "err", err, "again", rest.Round(time.Millisecond))
		sleep(ctx, rest)
	}
}

// lasting is how long a connection lasts that worked.
const lasting = 2 * time.Minute

// jitter keeps many from knocking at the same time.
func jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Look opens the mailbox once and says what the Watcher would find, for postel
// check: the number of mails, and what the server lacks.
func (w *Watcher) Look(ctx context.Context) (Findings, error) {
	n, err := w.Server.Open(ctx, w.User, w.Password, nil)
	if err != nil {
		return Findings{}, err
	}
	defer n.Quit()
	box, err := n.Enter(ctx, w.Folder, &imap.SelectOptions{ReadOnly: true})
	if box == nil {
		return Findings{Missing: err == nil}, err
	}
	caps := n.Caps()
	return Findings{Mails: int(box.NumMessages), Idle: caps.Has(imap.CapIdle), Move: caps.Has(imap.CapMove)}, nil
}

// Findings are what Look found.
type Findings struct {
	Missing    bool // there is no folder; Run makes it
	Mails      int  // in the folder
	Idle, Move bool // what the server knows
}
