package modem_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/sms"
)

// byMouth has texts and receipts told at once, and stored nowhere.
func byMouth(c *modem.Config) {
	c.Indications, c.Poll = "2,2,0,1,1", modem.Duration(50*time.Millisecond)
}

// safe is a Sink's diary: what the network may forget. It fails the test where the network forgets something else.
type safe struct {
	mu    sync.Mutex
	texts map[string]bool
}

func (s *safe) forgot(t *testing.T) func([]byte) {
	return func(b []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if words, text := contentOf(b); text && !s.texts[words] {
			t.Errorf("the network was told that %q is safe", words)
		}
	}
}

// A text that comes by mouth is confirmed when the Sink has it, and not before, however long that takes: the network
// brings it again, and the modem, which has stopped to tell by then, is made ready anew.
func TestConfirmedWhenSafe(t *testing.T) {
	for name, refusals := range map[string]int{"at once": 0, "refused": 1, "refused for long": 4} {
		t.Run(name, func(t *testing.T) {
			diary := safe{texts: map[string]bool{}}
			for i := range 8 {
				diary.texts[fmt.Sprint("text ", i)] = true
			}
			o := opened(t, emulator.ES75, emulator.Options{AckTime: 300 * time.Millisecond, Forgot: diary.forgot(t)}, byMouth)
			var want []string
			for i := range 8 {
				if i%4 == 0 {
					o.Refuse(refusals)
				}
				want = append(want, fmt.Sprint("text ", i))
				o.post("+15555550123", want[i])
			}
			o.hears(want...)
			o.until("the network has nothing left", func() bool { return o.m.Waiting() == 0 })
		})
	}
}

// What the modem says twice is confirmed once: the second time would confirm what comes behind it.
func TestStutter(t *testing.T) {
	diary := safe{texts: map[string]bool{"first": true}}
	o := opened(t, emulator.ES75, emulator.Options{AckTime: 300 * time.Millisecond, Forgot: diary.forgot(t)}, byMouth)
	o.m.Fail("+CMT", emulator.Twice())
	o.post("+15555550123", "first")
	o.hears("first")
	o.Hold() // what is behind it is never safe
	o.post("+15555550123", "second")
	o.until("the modem has given up", func() bool { return o.logged("no AT+CNMA in time") })
}

// A driver that is closed while the Sink works has confirmed nothing, and the network brings the text again. When it gives
// up waiting the modem stops to tell of texts, perhaps only in our next life, which has done nothing wrong.
func TestClosedBeforeSafe(t *testing.T) {
	for what, patience := range map[string]time.Duration{"before": 100 * time.Millisecond, "in the next life": time.Second} {
		t.Run("the modem gives up "+what, func(t *testing.T) {
			t.Parallel()
			closedBeforeSafe(t, patience)
		})
	}
}

func closedBeforeSafe(t *testing.T, ackTime time.Duration) {
	diary := safe{texts: map[string]bool{}}
	o := opened(t, emulator.ES75, emulator.Options{AckTime: ackTime, Forgot: diary.forgot(t)}, byMouth)
	o.Hold()
	o.post("+15555550123", "held")
	o.until("it is told", func() bool { return o.logged("+CMT:") })
	if err := o.g.Close(); err != nil {
		t.Fatal(err)
	}
	if ps := o.Parts(); len(ps) > 0 {
		t.Fatalf("the sink took %+v", ps)
	}
	diary.mu.Lock()
	diary.texts["held"] = true
	diary.mu.Unlock()
	c := patient(o.m)
	byMouth(&c)
	again := office{T: t, Sink: gatewaytest.NewSink(), m: o.m, g: start(t, c, quick()), ctx: o.ctx}
	again.listen(again.Sink)
	again.hears("held")
}

// Receipts, however they come, name the part as Send did.
func TestReceipts(t *testing.T) {
	const to = "+15555550123"
	for _, p := range emulator.Personalities {
		for name, fate := range map[string]emulator.Fate{
			"at once": {}, "early": {Early: true}, "late": {After: 50 * time.Millisecond},
			"by another number": {As: "05555550123"}, "after a while": {Status: []byte{0x20, 0x22, 0x00}},
		} {
			for _, indications := range []string{"", "2,1,0,2,0"} {
				if indications != "" && (p.Name == emulator.ES75.Name || p.Name == emulator.SIM800.Name) && fate.Early {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %q", p.Name, name, indications), func(t *testing.T) {
					t.Parallel()
					o := opened(t, p, emulator.Options{}, func(c *modem.Config) { c.Indications, c.Poll = indications, modem.Duration(50*time.Millisecond) })
					o.m.Fate(to, fate)
					takings, err := sendAll(o.ctx, o.g, message(t, to, strings.Repeat("long text ", 20), sms.Options{}))
					if err != nil {
						t.Fatal(err)
					}
					final := func(ref string, reports []smsengine.ReceiptReport) bool {
						for _, r := range reports {
							if r.Reference == ref && r.Final == smsengine.PartDelivered && r.Status.Code == "2.1.5" && strings.HasSuffix(r.Number.Value, "5555550123") {
								return true
							}
						}
						return false
					}
					if err := o.Wait(o.ctx, func(_ []smsengine.IncomingPart, reports []smsengine.ReceiptReport) bool {
						return final(takings[0].Reference, reports) && final(takings[1].Reference, reports)
					}); err != nil {
						t.Fatalf("%+v: %v; there are %+v\n%s", takings, err, o.Reports(), o.log())
					}
				})
			}
		}
	}
}

// A receipt that an earlier life of ours did not confirm makes the modem deaf in this one, when the network gives up
// waiting for it. That is noticed, and further receipts come.
func TestDeafFromBefore(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.EC25, emulator.ES75} {
		t.Run(p.Name, func(t *testing.T) {
			poll := func(c *modem.Config) { c.Poll = modem.Duration(100 * time.Millisecond) }
			o := opened(t, p, emulator.Options{AckTime: time.Second}, poll)
			o.Hold()
			mustSend(t, o.g, o.m)
			o.until("it is told", func() bool { return o.logged("+CDS:") })
			if err := o.g.Close(); err != nil {
				t.Fatal(err)
			}
			c := patient(o.m)
			poll(&c)
			again := office{T: t, Sink: gatewaytest.NewSink(), m: o.m, g: start(t, c, quick()), ctx: o.ctx}
			again.listen(again.Sink)
			ready(t, again.g)
			o.until("the modem has given up, or was restarted", func() bool {
				return o.logged("no AT+CNMA in time") || o.m.Count("AT+CFUN=1,1") > 0 // it was slow to answer, on a busy machine
			})
			o.until("its receipts are told of again", func() bool {
				takings, err := sendAll(o.ctx, again.g, message(t, "+15555550123", "hello", sms.Options{}))
				return err == nil && again.Wait(brief(o.ctx), func(_ []smsengine.IncomingPart, reports []smsengine.ReceiptReport) bool {
					return slices.ContainsFunc(reports, func(r smsengine.ReceiptReport) bool { return r.Reference == takings[0].Reference })
				}) == nil
			})
		})
	}
}

// brief is a context that ends soon.
func brief(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// The reference of a text that may have left is guessed, so that its receipt ends the doubt.
func TestDoubtEnds(t *testing.T) {
	const to = "+15555550123"
	for _, fault := range []emulator.Fault{emulator.CMS(500).Done(), emulator.Silence().Done()} {
		o := opened(t, emulator.EC25, emulator.Options{}, nil)
		mustSend(t, o.g, o.m)
		o.m.Fail("submit", fault)
		ctx, cancel := context.WithTimeout(o.ctx, 300*time.Millisecond)
		takings, err := sendAll(ctx, o.g, message(t, to, "perhaps", sms.Options{}))
		cancel()
		if smsengine.StatusOf(err).Class != smsengine.Uncertain || takings[0].Reference == "" {
			t.Fatalf("%+v, %v", takings, err)
		}
		o.m.Report(o.m.WaitSent(2)[1], 0x00)
		if err := o.Wait(o.ctx, func(_ []smsengine.IncomingPart, reports []smsengine.ReceiptReport) bool {
			for _, r := range reports {
				if r.Reference == takings[0].Reference && r.Number == smsengine.Phone(to) {
					return true
				}
			}
			return false
		}); err != nil {
			t.Errorf("%v: %+v is not among %+v", err, takings[0], o.Reports())
		}
	}
}
