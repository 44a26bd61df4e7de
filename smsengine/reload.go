package smsengine

import "slices"

// Reload takes a new configuration: the stages, Administrator, Retry, Repeat,
// Incomplete, Zone and Gateways. Node, Store, Log, Now and Sweep stay as they were,
// whatever cfg says of them. It returns at once, stores nothing, and may be called
// at any time, beside everything else.
//
// What is under way ends as it began: a Submit by the stages that it began with, an
// attempt by the Lane. A gateway that is the same object as before goes on, as its
// Lane says now. Another under the same ID takes its place: the old one begins
// nothing more, and when what is under way over it has ended and it is closed, the
// new one begins to send and listen. Rates of the same span go on counting in both
// cases. A message that is bound to a gateway that is gone waits until there is one
// of that ID again, as it would after a restart; others go elsewhere.
//
// The gateways are the engine's from now on. One that was left out is closed, and
// must not be given again.
func (e *Engine) Reload(cfg Config) {
	e.change.Lock()
	begun, replaced, gone := e.adopt(cfg)
	e.change.Unlock()
	e.log.Debug("configuration taken", "gateways", len(cfg.Gateways), "begun", begun, "replaced", replaced, "gone", gone)
}

// adopt makes cfg the setting, and gives the IDs of the gateways that it changes.
func (e *Engine) adopt(cfg Config) (begun, replaced, gone []string) {
	var before map[string]*lane
	if s := e.setting.Load(); s != nil {
		before = s.lanes
	}
	stays := func(id string) bool {
		l, was := before[id]
		c, is := cfg.Gateways[id]
		return was && is && same(l.Gateway, c.Gateway)
	}
	for id, l := range before {
		if stays(id) {
			continue
		}
		e.dismiss(l.stint)
		if _, is := cfg.Gateways[id]; is {
			replaced = append(replaced, id)
		} else {
			gone = append(gone, id)
		}
	}
	s := settingOf(cfg)
	for id, c := range cfg.Gateways {
		l := laneOf(c)
		e.pastOf(id).gate.change(c, cfg.Zone)
		if stays(id) {
			l.stint = before[id].stint
			if l.working.Load() {
				l.most.Store(int64(l.Concurrency))
			}
		} else {
			e.engage(id, l)
			if before[id] == nil {
				begun = append(begun, id)
			}
		}
		s.lanes[id] = l
		s.longest = max(s.longest, l.Timeout)
	}
	e.turns.set(s.lanes)
	e.setting.Store(s)
	signal(e.freed)
	for _, ids := range [][]string{begun, replaced, gone} {
		slices.Sort(ids)
	}
	return begun, replaced, gone
}

// Close closes the gateways of an engine that never ran, and never will. After Run
// has begun, or a second time, it does nothing.
func (e *Engine) Close() error {
	e.change.Lock()
	never := e.phase == unopened
	e.change.Unlock()
	if !never {
		return nil
	}
	e.shutAll()
	e.kill()
	return e.await()
}
