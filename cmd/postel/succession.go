package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/transport/control"
	"github.com/postel-mail/postel/transport/lmtp"
)

// reload takes the configuration as it is now, as a whole or not at all: what can
// fail is done before anything is changed. When it returns, new connections,
// messages and attempts go by it; those under way end as they began.
func (s *service) reload(context.Context) (done control.Reloaded, err error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	tell(s.log, "RELOADING=1")
	defer tell(s.log, "READY=1")
	before := s.now.Load()
	g, err := s.next(before)
	if err != nil {
		s.log.Error("the configuration cannot be taken; all stays as it was", "err", err)
		return done, smsengine.Fail("reload", smsengine.Permanent, "5.3.5", err.Error(), nil)
	}
	g.succeed(before)
	done.Changes = changes(before, g)
	args := []any{"gateways", len(g.cfg.Gateways)}
	for _, c := range done.Changes {
		args = append(args, c.Kind+" "+c.Name, c.Is)
	}
	s.log.Info("configuration loaded", args...)
	return done, nil
}

// next makes a generation of the configuration as it is now, but for its hold on
// sockets that are open. On an error there is nothing left of it.
func (s *service) next(before *generation) (g *generation, err error) {
	switch {
	case s.ending.Load():
		return nil, errors.New("the service is ending")
	case s.source == nil:
		return nil, errors.New("this service has no configuration file")
	}
	cfg, err := s.source()
	if err != nil {
		return nil, err
	}
	if err := fixed(before.cfg, cfg); err != nil {
		return nil, err
	}
	g, err = s.make(cfg, before)
	if err == nil {
		err = g.openMailboxes()
	}
	if err == nil {
		err = g.openDoors(before)
	}
	if err != nil {
		return nil, errors.Join(err, g.discard(before))
	}
	return g, nil
}

// fixed refuses a change of what stays as long as the service runs.
func fixed(was, is *config.Config) error {
	var keys []string
	if was.State != is.State {
		keys = append(keys, "state")
	}
	if was.Log.Format != is.Log.Format {
		keys = append(keys, "log.format")
	}
	if len(keys) > 0 {
		return fmt.Errorf("%s cannot be changed while the service runs: restart it", strings.Join(keys, " and "))
	}
	return nil
}

// succeed puts a generation in the place of the one before.
func (g *generation) succeed(before *generation) {
	if g.level != nil {
		g.level.Set(levelOf(g.cfg.Log))
	}
	g.engine.Reload(g.engineConfig())
	g.lanes = nil
	for _, d := range g.doors {
		if d.heir {
			d.inherit(g, before)
		}
	}
	before.watching()
	g.begin(before)
	g.now.Store(g)
	g.serving.Go(func() { g.retire(before) })
}

// inherit takes over a socket. Where its file cannot be given other permissions it
// keeps those that it has: everything else has been taken already.
func (d *door) inherit(g, before *generation) {
	old := before.doorAt(d.at.Listen)
	d.follow(old)
	o := g.listenOptions(d.at)
	var err error
	if d.listener, err = old.listener.Heir(o); err == nil {
		return
	}
	g.log.Error("a socket keeps its permissions", "door", d.name, "err", err)
	o.Mode, o.Group, o.Peers = uint32(old.at.Mode), old.at.Group, old.at.Peers
	if d.listener, err = old.listener.Heir(o); err != nil { // it has failed itself, and is ending the service
		d.listener = old.listener
	}
}

// follow lets a server count on where the one before it stopped: how many
// connections a client has, how much it asked for, how many logins failed.
func (d *door) follow(old *door) {
	switch now := d.server.(type) {
	case httpDoor:
		if was, same := old.server.(httpDoor); same {
			now.Follow(was.Server)
		}
	case hooksDoor:
		if was, same := old.server.(hooksDoor); same {
			now.Follow(was.Server)
		}
	case *lmtp.Server:
		if was, same := old.server.(*lmtp.Server); same {
			now.Follow(was)
		}
	}
}

// retire ends a generation that has been succeeded: its doors when their peers
// have gone, those that are no more at once, and then itself.
func (g *generation) retire(before *generation) {
	var left sync.WaitGroup
	for _, d := range before.doors {
		left.Go(func() {
			if g.doorAt(d.at.Listen) != nil {
				<-d.listener.Left()
			}
			if err := g.shut([]*door{d}, drainTime); err != nil {
				g.log.Warn("a door did not end well", "door", d.name, "err", err)
			}
		})
	}
	left.Wait()
	if err := before.end(); err != nil {
		g.log.Warn("what an earlier configuration opened cannot be closed", "err", err)
	}
}

// same gives a gateway to phones that may stay as it is: its settings are the same.
// Those of HTTP providers are made anew, since what they are made of stands in
// other files, too.
func (g *generation) same(next *generation, c config.Gateway) smsengine.Gateway {
	if g == nil || g.cfg.Region != next.cfg.Region {
		return nil
	}
	was := g.settings(c.ID)
	if was == nil || was.Type != c.Type || was.Number != c.Number || !reflect.DeepEqual(was.Options, c.Options) {
		return nil
	}
	if _, isHTTP := c.Options.(*httpgw.Config); isHTTP {
		return nil
	}
	return g.phones[c.ID]
}

// settings are those of a gateway; nil if there is none of the name.
func (g *generation) settings(id string) *config.Gateway {
	i := slices.IndexFunc(g.cfg.Gateways, func(c config.Gateway) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &g.cfg.Gateways[i]
}

// changes says which gateways and sockets are others than before.
func changes(was, is *generation) []control.Change {
	all := []control.Change{}
	add := func(kind, name, what string) {
		all = append(all, control.Change{Kind: kind, Name: name, Is: what})
	}
	for _, c := range is.cfg.Gateways {
		switch old := was.settings(c.ID); {
		case old == nil:
			add("gateway", c.ID, control.New)
		case !reflect.DeepEqual(*old, c):
			add("gateway", c.ID, control.Changed)
		}
	}
	for _, c := range was.cfg.Gateways {
		if is.settings(c.ID) == nil {
			add("gateway", c.ID, control.Gone)
		}
	}
	for _, d := range is.doors {
		if !d.heir {
			add("socket", d.where(), control.New)
		}
	}
	for _, d := range was.doors {
		if is.doorAt(d.at.Listen) == nil {
			add("socket", d.where(), control.Gone)
		}
	}
	return all
}
