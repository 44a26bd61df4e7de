package gatewaytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var sending = []check{
	{"sends one part", nil, sendsOnePart},
	{"sends a long text in order", nil, sendsLongText},
	{"keeps binary data and headers", carriesBinary, keepsBinary},
	{"sends nothing when its context is over", nil, sendsNothingLate},
	{"says what it cannot know when its context ends", nil, saysWhenCutOff},
	{"sends nothing on a temporary failure", canFail, leavesNothing(smsengine.Temporary)},
	{"sends nothing on a permanent failure", canFail, leavesNothing(smsengine.Permanent)},
	{"says that it is uncertain", canFail, saysUncertain},
	{"says things that strangers may read", canFail, wordsFailures},
	{"sends many at once", nil, sendsManyAtOnce},
	{"tells how it is", nil, tellsHealth},
}

func carriesBinary(f Fixture) bool { return !f.NoBinary && !f.whole() }
func canFail(f Fixture) bool       { return f.Fail != nil }

// send gives a part, or the whole message, to the gateway; it must succeed.
func (f Fixture) send(ctx context.Context, t *testing.T, d smsengine.Delivery) smsengine.Taking {
	t.Helper()
	taking, err := f.Gateway.Send(ctx, d)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return taking
}

func sendsOnePart(ctx context.Context, t *testing.T, f Fixture) {
	to := phone()
	taking := f.send(ctx, t, f.text(to, "Hello, wörld €1"))
	if got := f.arrivals(ctx, to, 1); !slices.Equal(got, []string{"Hello, wörld €1"}) {
		t.Errorf("the phone has %q", got)
	}
	if o := taking.Ours; !o.IsZero() && o != smsengine.Phone(f.Number) {
		t.Errorf("it left from %q, our number is %q", o, f.Number)
	}
	if taking.Receipts && !f.Receipts {
		t.Error("Send promises receipts that this network does not give")
	}
}

func sendsLongText(ctx context.Context, t *testing.T, f Fixture) {
	to := phone()
	texts := []string{strings.Repeat("one ", 38), strings.Repeat("two ", 38), "three"}
	d := f.deliver(to, long(77, texts...)...)
	if f.whole() {
		f.send(ctx, t, d)
		if got := strings.Join(f.arrivals(ctx, to, 1), ""); got != strings.Join(texts, "") {
			t.Errorf("the phone has %q", got)
		}
		return
	}
	for d.Part = range texts {
		f.send(ctx, t, d)
	}
	if got := f.arrivals(ctx, to, len(texts)); !slices.Equal(got, texts) {
		t.Errorf("parts came as %q", got)
	}
}

func keepsBinary(ctx context.Context, t *testing.T, f Fixture) {
	to := phone()
	want := smsengine.Part{
		Data: []byte{0, 1, 0x1b, 0x1a, 0x80, 0xff, '\r', '\n', 0},
		UDH:  []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}, // port 2948, 3GPP TS 23.040 §9.2.3.24.4
	}
	f.send(ctx, t, f.deliver(to, want))
	got := f.Arrived(ctx, to, 1)
	if len(got) == 0 || !bytes.Equal(got[0].Data, want.Data) || !bytes.Equal(got[0].UDH, want.UDH) {
		t.Errorf("sent % x with header % x, the phone has %+v", want.Data, want.UDH, got)
	}
}

func sendsNothingLate(ctx context.Context, t *testing.T, f Fixture) {
	to := phone()
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err := f.Gateway.Send(over, f.text(to, "late"))
	if err == nil {
		t.Fatal("Send succeeded although its context was over")
	}
	if c := smsengine.StatusOf(err).Class; c != smsengine.Temporary {
		t.Errorf("the class is %s: nothing left, and the next attempt can succeed", c)
	}
	f.onlyThis(ctx, t, to)
}

// onlyThis shows that a phone has got nothing: a text sent now is the first.
func (f Fixture) onlyThis(ctx context.Context, t *testing.T, to string) {
	t.Helper()
	f.send(ctx, t, f.text(to, "after"))
	if got := f.arrivals(ctx, to, 1); !slices.Equal(got, []string{"after"}) {
		t.Errorf("the phone has %q, want only the text sent after", got)
	}
}

// saysWhenCutOff ends the context at all moments of a Send. Whatever the gateway
// says of each must be so.
func saysWhenCutOff(ctx context.Context, t *testing.T, f Fixture) {
	for i := range 50 {
		to := phone()
		short, cancel := context.WithTimeout(ctx, time.Duration(i)*100*time.Microsecond)
		_, err := f.Gateway.Send(short, f.text(to, "cut off"))
		cancel()
		switch c := smsengine.StatusOf(err).Class; {
		case err == nil:
			if got := f.arrivals(ctx, to, 1); !slices.Equal(got, []string{"cut off"}) {
				t.Errorf("Send succeeded and the phone has %q", got)
			}
		case c == smsengine.Temporary || c == smsengine.Permanent:
			f.onlyThis(ctx, t, to)
		case c != smsengine.Uncertain:
			t.Errorf("%v is of class %s", err, c)
		}
	}
}

func leavesNothing(class smsengine.Class) func(context.Context, *testing.T, Fixture) {
	return func(ctx context.Context, t *testing.T, f Fixture) {
		to := phone()
		f.Fail(3, class)
		for range 3 {
			_, err := f.Gateway.Send(ctx, f.text(to, "refused"))
			if got := smsengine.StatusOf(err).Class; err == nil || got != class {
				t.Errorf("the network failed with %s, Send says %s: %v", class, got, err)
			}
		}
		f.onlyThis(ctx, t, to)
	}
}

func saysUncertain(ctx context.Context, t *testing.T, f Fixture) {
	f.Fail(1, smsengine.Uncertain)
	to := phone()
	_, err := f.Gateway.Send(ctx, f.text(to, "perhaps"))
	if got := smsengine.StatusOf(err).Class; err == nil || got != smsengine.Uncertain {
		t.Errorf("Send says %s: %v", got, err)
	}
	f.send(ctx, t, f.text(to, "after")) // the gateway goes on
}

func wordsFailures(ctx context.Context, t *testing.T, f Fixture) {
	for class, digit := range map[smsengine.Class]string{
		smsengine.Temporary: "4.", smsengine.Permanent: "5.", smsengine.Uncertain: "4.",
	} {
		f.Fail(1, class)
		_, err := f.Gateway.Send(ctx, f.text(phone(), "refused"))
		e, ok := errors.AsType[*smsengine.Error](err)
		if !ok {
			t.Errorf("%v has no class", err)
			continue
		}
		if !strings.HasPrefix(e.Code, digit) {
			t.Errorf("%s has code %q, want %sx.y (RFC 3463)", class, e.Code, digit)
		}
		if e.Text == "" || strings.ContainsAny(e.Text, "\r\n") {
			t.Errorf("%s: %q is no line for people", class, e.Text)
		}
		if e.Op == "" {
			t.Errorf("%s: the log does not learn what was being done", class)
		}
	}
}

func sendsManyAtOnce(ctx context.Context, t *testing.T, f Fixture) {
	const senders, each = 20, 10
	numbers := make([]string, senders)
	var all sync.WaitGroup
	for i := range senders {
		numbers[i] = phone()
		all.Go(func() {
			for n := range each {
				if _, err := f.Gateway.Send(ctx, f.text(numbers[i], fmt.Sprintf("text %d of %d", n, i))); err != nil {
					t.Errorf("Send: %v", err)
				}
			}
		})
	}
	all.Wait()
	for i, to := range numbers {
		got := f.arrivals(ctx, to, each)
		if len(got) != each {
			t.Errorf("%s has %d texts of %d", to, len(got), each)
		}
		for n, text := range got {
			if text != fmt.Sprintf("text %d of %d", n, i) {
				t.Errorf("%s has %q in place %d", to, text, n)
			}
		}
	}
}

func tellsHealth(ctx context.Context, t *testing.T, f Fixture) {
	c, ok := f.Gateway.(smsengine.Checker)
	if !ok {
		t.Skip("it is no Checker")
	}
	h, err := c.Check(ctx)
	if err != nil || !h.Ready || h.Text == "" {
		t.Errorf("Check: %+v, %v", h, err)
	}
}
