package modem_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// seed is that of MODEM_SEED, or a new one.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64()
	if s := os.Getenv("MODEM_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("MODEM_SEED=%d repeats the luck, as far as that is possible", n)
	return n
}

// TestTorture sends and receives some hundred texts while everything goes wrong that can: the modem is silent, says
// nonsense, is pulled out, refuses at any step with and without having done what it was asked for, forgets to tell,
// tells twice, is full; and the driver ends at any moment and begins anew.
//
// Whatever Send said of a part must be so on the phone, nothing received is lost, nothing is deleted from the modem or
// confirmed to the network before the Sink has it, and the SIM card never sees a wrong PIN.
func TestTorture(t *testing.T) {
	n := seed(t)
	for i, c := range []struct {
		model       emulator.Personality
		indications string
	}{{emulator.SIM800, ""}, {emulator.E220, ""}, {emulator.ES75, "2,2,0,1,1"}, {emulator.EC25, "2,1,0,2,0"}, {emulator.MTCBA, ""}} {
		t.Run(c.model.Name, func(t *testing.T) {
			t.Parallel()
			newRack(t, c.model, c.indications, n+uint64(i)).torture(60, 60)
		})
	}
}

// rack is a modem on which everything goes wrong, and who uses it.
type rack struct {
	*testing.T
	*luck
	m      *emulator.Modem
	ctx    context.Context
	config modem.Config
	o      modem.Options
	sink   *gatewaytest.Sink

	mu      sync.Mutex
	gateway *modem.Gateway
	posted  map[string]bool
	taken   map[string]bool
	tries   []try
}

// try is one attempt at a part, which has a text of its own.
type try struct {
	text  string
	to    string
	class smsengine.Class
}

const pin = "4711"

// rough are the times of a gateway that has no patience with its modem.
func rough() modem.Options {
	o := quick()
	o.AT.Wait, o.AT.Send, o.AT.Prompt, o.AT.Probe = 200*time.Millisecond, 300*time.Millisecond, 150*time.Millisecond, 100*time.Millisecond
	o.Rests.Boot = 300 * time.Millisecond
	return o
}

func newRack(t *testing.T, p emulator.Personality, indications string, n uint64) *rack {
	r := &rack{
		T: t, luck: newLuck(n), sink: gatewaytest.NewSink(), posted: map[string]bool{}, taken: map[string]bool{},
	}
	r.m = emulator.Start(t, p, emulator.Options{PIN: pin, Size: 8, AckTime: 100 * time.Millisecond, Luck: r.luck.at, Forgot: r.forgot})
	r.config = patient(r.m)
	r.config.PIN, r.config.Poll, r.config.Indications = pin, modem.Duration(50*time.Millisecond), indications
	r.config.FailedSends = 3
	r.o = rough()
	r.o.Pins = filepath.Join(t.TempDir(), "pins")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	r.ctx = ctx
	return r
}

func (r *rack) torture(out, in int) {
	ctx, stop := context.WithCancel(r.ctx)
	var world, people sync.WaitGroup
	world.Go(func() { r.lives(ctx) })
	world.Go(func() { r.replugs(ctx) })
	for i := range 2 {
		people.Go(func() {
			for n := range out / 2 {
				r.sends(i, n)
			}
		})
	}
	people.Go(func() {
		for n := range in {
			r.posts(n)
			time.Sleep(time.Duration(r.below(20)) * time.Millisecond)
		}
	})
	people.Wait()
	r.luck.end()
	r.comesToRest()
	stop()
	world.Wait()
	r.judge()
}

// lives runs one driver after the other: each is closed at some moment, and the next one finds what it left.
func (r *rack) lives(ctx context.Context) {
	for ctx.Err() == nil {
		g, err := modem.New("modem", ours, r.config, r.o)
		if err != nil {
			r.Error(err)
			return
		}
		g.Open()
		r.mu.Lock()
		r.gateway = g
		r.mu.Unlock()
		life, end := context.WithCancel(ctx)
		var listening sync.WaitGroup
		listening.Go(func() { _ = g.Listen(life, r) })
		moment := 20*time.Millisecond + time.Duration(r.below(1000))*time.Millisecond
		if r.luck.over() {
			moment = time.Hour
		}
		select {
		case <-time.After(moment):
		case <-ctx.Done():
		case <-r.luck.ended():
			<-ctx.Done() // the last life is a quiet one
		}
		if r.below(2) == 0 {
			end()
			listening.Wait()
		}
		_ = g.Close()
		end()
		listening.Wait()
	}
}

// replugs puts the plug back in, whoever pulled it out, and freezes the modem at times.
func (r *rack) replugs(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(time.Duration(20+r.below(80)) * time.Millisecond)
		r.m.Plug()
		r.m.Thaw()
		if !r.luck.over() && r.below(30) == 0 {
			r.m.Freeze(r.below(2) == 0)
		}
	}
}

// sends tries a message as the engine does, until there is an answer that counts.
func (r *rack) sends(who, n int) {
	to := fmt.Sprintf("+1555555%d%03d", who+1, n)
	r.m.Fate(to, r.fate())
	for attempt := 1; r.ctx.Err() == nil; attempt++ {
		text := fmt.Sprintf("out %d.%d try %d ", who, n, attempt)
		if n%4 == 0 {
			text = strings.Repeat(text, 12)
		}
		class := r.attempt(message(r, to, text, sms.Options{Ref: uint16(n)}))
		if class != smsengine.Temporary {
			return
		}
		time.Sleep(time.Duration(r.below(20)) * time.Millisecond)
	}
}

// attempt sends the parts of a message, and notes what is said of each.
func (r *rack) attempt(m smsengine.Message) smsengine.Class {
	r.mu.Lock()
	g := r.gateway
	r.mu.Unlock()
	if g == nil {
		return smsengine.Temporary
	}
	ctx, cancel := context.WithTimeout(r.ctx, time.Duration(1+r.below(1000))*time.Millisecond)
	defer cancel()
	select {
	case <-g.Ready():
	case <-ctx.Done():
		return smsengine.Temporary
	}
	for i, p := range m.Parts {
		_, err := g.Send(ctx, smsengine.Delivery{Message: m, Part: i})
		class := smsengine.StatusOf(err).Class
		r.mu.Lock()
		r.tries = append(r.tries, try{p.Text, m.To.Value, class})
		r.mu.Unlock()
		if class != smsengine.OK {
			return class
		}
	}
	return smsengine.OK
}

// posts has a phone send a text of one part or two.
func (r *rack) posts(n int) {
	in := emulator.Incoming{From: "+15555550123", Text: fmt.Sprintf("in %d ", n), At: time.Unix(1.8e9+int64(n), 0)}
	if n%5 == 0 {
		in.Text = strings.Repeat(in.Text, 35)
	}
	in.Ref = n%255 + 1
	tpdus := in.TPDUs()
	r.mu.Lock()
	for _, b := range tpdus {
		name, _ := contentOf(b)
		r.posted[name] = true
	}
	r.mu.Unlock()
	r.m.DeliverTPDUs(tpdus...)
}

// contentOf gives what tells a TPDU to the modem from others, and whether it is a text.
func contentOf(b []byte) (string, bool) {
	t, _, err := tpdu.Decode(b, tpdu.MobileTerminated)
	if err != nil {
		return err.Error(), false
	}
	switch t := t.(type) {
	case *tpdu.Deliver:
		words, _ := t.Text()
		return words, true
	case *tpdu.StatusReport:
		return fmt.Sprintf("%d %s %02x", t.Ref, t.To, t.Status), false
	}
	return t.Name(), false
}

// Incoming and Report take what came; now and then they cannot.
func (r *rack) Incoming(ctx context.Context, in smsengine.IncomingPart) error {
	if !r.luck.over() && r.below(10) == 0 {
		return fmt.Errorf("the disk is full")
	}
	r.mu.Lock()
	r.taken[in.Text] = true
	r.mu.Unlock()
	return r.sink.Incoming(ctx, in)
}

func (r *rack) Report(ctx context.Context, rep smsengine.ReceiptReport) error {
	if !r.luck.over() && r.below(10) == 0 {
		return fmt.Errorf("the disk is full")
	}
	return r.sink.Report(ctx, rep)
}

// forgot is told by the modem that it keeps something no longer.
func (r *rack) forgot(b []byte) {
	name, text := contentOf(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if text && !r.taken[name] {
		r.Errorf("%q was given up before it was safe", name)
	}
}

// comesToRest waits until everything that came has been taken.
func (r *rack) comesToRest() {
	missing := func() (names []string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for name := range r.posted {
			if !r.taken[name] {
				names = append(names, name)
			}
		}
		return names
	}
	for r.ctx.Err() == nil {
		used, _ := r.m.Stored("SM")
		if len(missing()) == 0 && r.m.Waiting() == 0 && used == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	used, _ := r.m.Stored("SM")
	h, _ := r.gateway.Check(context.Background())
	r.Errorf("after two minutes %q are missing, %d texts are in the modem, %d in the network; %+v", missing(), used, r.m.Waiting(), h)
	lines := r.m.Log()
	for _, l := range lines[max(0, len(lines)-80):] {
		r.Log(l)
	}
}

// TestTorturedPIN gives a gateway the wrong PIN, and everything else goes wrong as well, the answers to the PIN included;
// the driver ends and begins anew, the modem is pulled out and restarts. The SIM card sees the PIN once at most.
func TestTorturedPIN(t *testing.T) {
	n := seed(t)
	for i, p := range emulator.Personalities {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			r := newRack(t, p, "", n+uint64(i))
			r.luck.pins = true
			r.config.PIN = "1234"
			ctx, stop := context.WithTimeout(r.ctx, 1500*time.Millisecond)
			defer stop()
			var world sync.WaitGroup
			world.Go(func() { r.lives(ctx) })
			world.Go(func() { r.replugs(ctx) })
			for ctx.Err() == nil {
				time.Sleep(time.Duration(50+r.below(200)) * time.Millisecond)
				r.m.Restart()
			}
			world.Wait()
			tried := r.m.SIM().Attempts()
			if len(tried) > 1 {
				t.Errorf("the SIM card saw %q", tried)
			}
			t.Logf("the SIM card saw %q; %d strokes of bad luck", tried, r.strokes())
		})
	}
}

// judge compares what Send said with what the phones have.
func (r *rack) judge() {
	arrived := map[string]int{}
	references := map[string]bool{}
	for _, p := range r.m.Sent() {
		arrived[p.Text]++
		references[fmt.Sprint(p.Reference, " ", p.Number)] = true
	}
	count := map[smsengine.Class]int{}
	for _, try := range r.tries {
		count[try.class]++
		switch n := arrived[try.text]; {
		case try.class == smsengine.OK && n != 1, try.class == smsengine.Uncertain && n > 1:
			r.Errorf("%q, of which Send said %s, is on the phone %d times", try.text, try.class, n)
		case (try.class == smsengine.Temporary || try.class == smsengine.Permanent) && n > 0:
			r.Errorf("%q, of which Send said %s, is on the phone", try.text, try.class)
		}
	}
	reports := 0
	for _, rep := range r.sink.Reports() {
		if !references[rep.Reference+" "+rep.Number.Value] {
			r.Errorf("a receipt for nothing: %+v", rep)
		}
		if rep.Final != "" {
			reports++
		}
	}
	if tried := r.m.SIM().Attempts(); slices.ContainsFunc(tried, func(s string) bool { return s != pin }) {
		r.Errorf("the SIM card saw %q", tried)
	}
	r.Logf("%d attempts: %v; %d texts in, %d receipts; %d strokes of bad luck", len(r.tries), count, len(r.posted), reports, r.strokes())
	if count[smsengine.OK] == 0 || len(r.posted) == 0 {
		r.Error("nothing went through at all")
	}
}
