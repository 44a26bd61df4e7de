package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesReplayCommand() *command {
	return &command{
		name: "replay", short: "ask the rules again about past messages, and show what would differ",
		long: "Asks the rules about messages that are in the database, each at the time when it came,\n" +
			"and shows those of which something would differ: whether they end, number, text, caller\n" +
			"ID, gateway, and which rules hold. With --rules it asks those of another folder, before\n" +
			"they are put in place:\n\n" +
			"  postel rules replay --since 7d --rules /root/new-rules\n\n" +
			"It reads the database beside a running service, and changes and sends nothing. Accounts\n" +
			"and gateways are those of today; links and STOP are not looked at. What is not kept is\n" +
			"not guessed: the size of mails, what a rule has rewritten, headers that mail servers\n" +
			"add. Messages that were refused were never stored, unless they came from a mailbox.",
		setup: setupReplay,
	}
}

// replaying is what is asked for.
type replaying struct {
	since, until time.Time
	only         directionFlag
	limit        int
	all, asJSON  bool
}

func setupReplay(fs *flag.FlagSet) runner {
	file := configFlag(fs)
	rules := fs.String("rules", "", "the rules of this `folder`, in place of those of the configuration")
	since := fs.String("since", "7d", "messages of this `age` or younger: 7d, 12h, or made since a time, \"2026-11-23 18:30\"")
	until := fs.String("until", "", "messages made before this `time`, or of at least this age")
	w := replaying{only: directionFlags(fs)}
	fs.IntVar(&w.limit, "limit", 0, "at most so `many` messages, the newest; 0 is all")
	fs.BoolVar(&w.all, "all", false, "show messages of which nothing would differ, too")
	fs.BoolVar(&w.asJSON, "json", false, "one JSON object a line, without the summary")
	return func(ctx context.Context, t *terminal, args []string) error {
		if len(args) > 0 || w.limit < 0 {
			return usageError("replay takes no arguments, and a limit of 0 or more")
		}
		cfg, err := config.Load(*file, drivers)
		if err != nil {
			return err
		}
		r, err := newRehearsal(cfg, cmp.Or(*rules, cfg.Rules))
		if err != nil {
			return err
		}
		defer r.close()
		if r.store == nil {
			return fmt.Errorf("%s: there is no database yet, and no message to ask about", databaseOf(cfg.State))
		}
		if w.since, err = ago(*since, r.zone); err != nil {
			return usageError("--since: " + err.Error())
		}
		if *until != "" {
			if w.until, err = ago(*until, r.zone); err != nil {
				return usageError("--until: " + err.Error())
			}
		}
		return r.replayAll(ctx, t, w)
	}
}

// ago reads an age, "7d" or "12h30m", or a time of the site.
func ago(written string, zone *time.Location) (time.Time, error) {
	if days, ok := strings.CutSuffix(written, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return time.Now().AddDate(0, 0, -n), nil
		}
	}
	if age, err := time.ParseDuration(written); err == nil && age >= 0 {
		return time.Now().Add(-age), nil
	}
	if at, err := timeAt(written, zone); err == nil && written != "" {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%q is neither an age, such as 7d or 12h, nor a time, such as %q", written, "2026-11-23 18:30")
}

// replayPage is how many messages are read at once.
const replayPage = 500

// replayAll asks about all messages that are wanted, the newest first.
func (r *rehearsal) replayAll(ctx context.Context, t *terminal, w replaying) error {
	sum := newReplaySum()
	enc := json.NewEncoder(t.out)
	err := r.page(ctx, w, func(m smsengine.Message) (bool, error) {
		one, _, asked, err := r.replay(ctx, m, false)
		if err != nil || !asked {
			return false, err
		}
		sum.add(one)
		switch {
		case one.Outcome == "same" && !w.all:
		case w.asJSON:
			return true, enc.Encode(one)
		default:
			t.printf("%s  %s  %s -> %s  %s\n", one.ID, one.At.Format(clock), clean(one.From), clean(one.To), one.State)
			one.showDifferences(t)
		}
		return true, nil
	})
	if err == nil && !w.asJSON {
		sum.show(t)
	}
	return err
}

// page gives the messages that rules may be asked about, as many as are wanted of
// those for which each says so.
func (r *rehearsal) page(ctx context.Context, w replaying, each func(smsengine.Message) (counts bool, err error)) error {
	f := smsengine.Filter{Since: w.since, Until: w.until, Limit: replayPage}
	switch {
	case *w.only.in != *w.only.out && *w.only.in:
		f.Kind = smsengine.Incoming
	case *w.only.in != *w.only.out:
		f.Kind = smsengine.Text
	}
	left := w.limit
	for {
		ms, err := r.store.List(ctx, f)
		if errors.Is(err, smsengine.ErrNotFound) {
			return errors.New("messages were forgotten meanwhile; run it again")
		}
		if err != nil {
			return err
		}
		for _, m := range ms {
			counted, err := each(m)
			if err != nil {
				return err
			}
			if counted {
				if left--; left == 0 {
					return nil
				}
			}
		}
		if len(ms) < f.Limit {
			return nil
		}
		f.Before = ms[len(ms)-1].ID
	}
}

// replaySum counts what was found.
type replaySum struct {
	messages, differ, unknown int
	then, now, perhaps        map[string]int // messages, by rule
	missing                   map[string]int // by field
}

func newReplaySum() *replaySum {
	return &replaySum{then: map[string]int{}, now: map[string]int{}, perhaps: map[string]int{}, missing: map[string]int{}}
}

func (s *replaySum) add(one replayed) {
	s.messages++
	switch one.Outcome {
	case "differs":
		s.differ++
	case "not known":
		s.unknown++
	}
	behind := map[rule.Direction]string{rule.Incoming: " (incoming)"}[one.Direction] // tells rules of the two files apart
	tell := func(by map[string]int, names []string, behind string) {
		for _, name := range names {
			by[name+behind]++
		}
	}
	tell(s.then, one.Then, behind)
	tell(s.now, one.Now, behind)
	tell(s.perhaps, one.Perhaps, behind)
	tell(s.missing, one.Missing, "")
}

func (s *replaySum) show(t *terminal) {
	t.printf("%s, %d would differ", count(s.messages, "message"), s.differ)
	if s.unknown > 0 {
		var fields []string
		for _, f := range slices.Sorted(maps.Keys(s.missing)) {
			fields = append(fields, fmt.Sprintf("%s %d", f, s.missing[f]))
		}
		t.printf(", of %d it is not known, for this is not kept: %s", s.unknown, commas(fields))
	}
	t.printf("\n")
	rules := map[string]bool{}
	for _, by := range []map[string]int{s.then, s.now, s.perhaps} {
		for title := range by {
			rules[title] = true
		}
	}
	for _, title := range slices.Sorted(maps.Keys(rules)) {
		t.printf("  %-40s held for %d then, for %d now", clean(title), s.then[title], s.now[title])
		if n := s.perhaps[title]; n > 0 {
			t.printf(", perhaps for %d more", n)
		}
		t.printf("\n")
	}
}
