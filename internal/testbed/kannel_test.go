package testbed_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/transport/hooks"
)

const (
	ours       = "+15555550100"
	alice      = "+15555550123"
	unroutable = "+99915555550199" // Kannel has no way to it
)

// behindKannel makes a gateway that sends through a Kannel, to whose kannel.conf
// the lines of the provider file's notes were added.
func behindKannel(t *testing.T, password string, reports map[string]int) (*httpgw.Gateway, *testbed.Kannel) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	base := "http://" + server.Listener.Addr().String()
	secret := hooks.Secret([]byte("key"), "office")
	address := hooks.URL(base, "office", secret)
	k := testbed.NewHost(t).StartKannel(testbed.KannelOptions{Lines: kannelLines(t, address), Reports: reports})

	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("password="+password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := httpgw.New("office", ours, httpgw.Config{
		Provider: "kannel", SecretsFile: secrets,
		Values: []httpgw.Value{{Name: "base", Value: k.URL}, {Name: "username", Value: "postel"}},
	}, httpgw.Options{Files: []fs.FS{gateways.Files}, IncomingURL: address, ReceiptsURL: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	door, err := hooks.New(hooks.Options{
		Base: base, Log: slog.New(slog.DiscardHandler),
		Hooks: []hooks.Hook{{Gateway: "office", Secret: secret, Handler: g.Hook()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = door
	server.Start()
	return g, k
}

// kannelLines are those of the notes. Kannel brings things again after a second.
func kannelLines(t *testing.T, address string) string {
	t.Helper()
	file, err := provider.Load("kannel", gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	return testbed.Indented(file.Notes, "PASSWORD", "sesame", "ADDRESS", address, "queue-delay = 10", "queue-delay = 1")
}

// What every driver promises, over a provider that nobody wrote for the test.
func TestDriverOverKannel(t *testing.T) {
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Fixture {
		g, k := behindKannel(t, "sesame", map[string]int{"": testbed.KannelDelivered, "+15555550666": testbed.KannelFailed})
		return gatewaytest.Fixture{
			Gateway: g, ID: "office", Number: ours, Receipts: true, Undeliverable: "+15555550666",
			Arrived: func(ctx context.Context, number string, n int) []smsengine.Part { return arrived(ctx, k, number, n) },
			Post:    func(from, text string) { k.Receive(from, ours, text) },
		}
	})
}

// arrived are the parts that a phone got, once there are n or ctx has ended.
func arrived(ctx context.Context, k *testbed.Kannel, number string, n int) (parts []smsengine.Part) {
	for all := k.Parts(); ; all = k.Await(ctx, len(all)+1) {
		parts = nil
		for _, p := range all {
			if p.To == number {
				parts = append(parts, smsengine.Part{Text: p.Text, Data: p.Data, UDH: p.UDH})
			}
		}
		if len(parts) >= n || ctx.Err() != nil {
			return parts
		}
	}
}

// What a text is made of comes to the phone: its alphabet, its header, its class.
func TestKannelCarries(t *testing.T) {
	g, k := behindKannel(t, "sesame", nil)
	one := strings.Repeat("Straße gesperrt! ", 9)
	tests := []struct {
		name string
		body smsengine.Body
		part smsengine.Part
		want testbed.Part
	}{
		{"plain", smsengine.Body{Alphabet: "gsm7"}, smsengine.Part{Text: "Où? 100% & {more}: €5"}, testbed.Part{Text: "Où? 100% & {more}: €5"}},
		{"Unicode", smsengine.Body{Alphabet: "ucs2"}, smsengine.Part{Text: "Вода 🌊"}, testbed.Part{Text: "Вода 🌊", UCS2: true}},
		{"a part", smsengine.Body{Alphabet: "gsm7"}, smsengine.Part{Text: one, UDH: []byte{5, 0, 3, 42, 2, 2}}, testbed.Part{Text: one, UDH: []byte{5, 0, 3, 42, 2, 2}}},
		{"binary", smsengine.Body{Alphabet: "binary"}, smsengine.Part{Data: []byte{0, 1, '%', 0xff}, UDH: []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}}, testbed.Part{Data: []byte{0, 1, '%', 0xff}, UDH: []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}}},
		{"flash", smsengine.Body{Alphabet: "gsm7", Flash: true}, smsengine.Part{Text: "Evacuate"}, testbed.Part{Text: "Evacuate", Flash: true}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			taking, err := g.Send(t.Context(), delivery(alice, test.body, test.part))
			if err != nil {
				t.Fatal(err)
			}
			if !taking.Receipts || taking.Whole {
				t.Errorf("Send says %+v", taking)
			}
			got, want := k.WaitParts(i + 1)[i], test.want
			want.ID, want.From, want.To = got.ID, ours, alice
			if want.UDH == nil {
				want.UDH = []byte{}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the phone has\n%+v, want\n%+v", got, want)
			}
		})
	}
}

// A text longer than an SMS comes part by part, each with a receipt of its own,
// although this Kannel would cut it off after the first.
func TestKannelCarriesLongTexts(t *testing.T) {
	g, k := behindKannel(t, "sesame", nil)
	parts := []smsengine.Part{
		{Text: strings.Repeat("€", 76) + "1", UDH: []byte{5, 0, 3, 7, 2, 1}},
		{Text: strings.Repeat("ü", 153), UDH: []byte{5, 0, 3, 7, 2, 2}},
	}
	d := delivery(alice, smsengine.Body{Alphabet: "gsm7"}, parts...)
	references := map[string]bool{}
	for d.Part = range parts {
		taking, err := g.Send(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		references[taking.Reference] = true
	}
	for i, got := range k.WaitParts(2) {
		if got.Text != parts[i].Text || !bytes.Equal(got.UDH, parts[i].UDH) {
			t.Errorf("part %d came as %+v", i+1, got)
		}
	}
	if len(references) != 2 || len(k.Parts()) != 2 {
		t.Errorf("the parts are called %v; phones have %d", references, len(k.Parts()))
	}
}

func TestKannelReports(t *testing.T) {
	g, k := behindKannel(t, "sesame", nil)
	k.Refuse("+15555550404")
	sink := gatewaytest.NewSink()
	go func() { _ = g.Listen(t.Context(), sink) }()
	send := func(to string) string {
		taking, err := g.Send(t.Context(), delivery(to, smsengine.Body{Alphabet: "gsm7"}, smsengine.Part{Text: "Hello"}))
		if err != nil {
			t.Fatal(err)
		}
		return taking.Reference
	}
	arrives := send(alice)
	fails := send("+15555550124")
	for i, state := range []int{testbed.KannelBuffered, testbed.KannelDelivered} {
		k.Report(k.WaitParts(2)[0], state)
		waitReports(t, sink, arrives, 2+i)
	}
	k.Report(k.WaitParts(2)[1], testbed.KannelFailed)
	refused := send("+15555550404")

	finals := func(reports []smsengine.ReceiptReport) (all []string) {
		for _, r := range reports {
			all = append(all, fmt.Sprint(r.Final, " ", r.Status.Code))
		}
		return all
	}
	for reference, want := range map[string][]string{
		arrives: {" ", " ", "delivered 2.1.5"}, fails: {" ", "failed 5.0.0"}, refused: {"failed 5.7.1"},
	} {
		if got := finals(waitReports(t, sink, reference, len(want))); !slices.Equal(got, want) {
			t.Errorf("reports on it are %q, want %q", got, want)
		}
	}
}

// waitReports waits for so many reports on a text.
func waitReports(t *testing.T, s *gatewaytest.Sink, reference string, n int) (about []smsengine.ReceiptReport) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(about) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there are %d reports of %d: %+v", len(about), n, about)
		}
		about = slices.DeleteFunc(s.Reports(), func(r smsengine.ReceiptReport) bool { return r.Reference != reference })
	}
	return about
}

// A wrong password and a Kannel that is gone say nothing about the text; a number
// without a way does.
func TestKannelRefuses(t *testing.T) {
	text := func(to string) smsengine.Delivery {
		return delivery(to, smsengine.Body{Alphabet: "gsm7"}, smsengine.Part{Text: "Hello"})
	}
	wantClass := func(t *testing.T, err error, class smsengine.Class, code string) {
		t.Helper()
		if s := smsengine.StatusOf(err); err == nil || s.Class != class || s.Code != code {
			t.Errorf("it is %s %s (%v), want %s %s", s.Class, s.Code, err, class, code)
		}
	}
	t.Run("number", func(t *testing.T) {
		g, k := behindKannel(t, "sesame", nil)
		_, err := g.Send(t.Context(), text(unroutable))
		wantClass(t, err, smsengine.Permanent, "5.1.2")
		if _, err := g.Send(t.Context(), text(alice)); err != nil {
			t.Errorf("others wait for it: %v", err)
		}
		k.Stop()
		_, err = g.Send(t.Context(), text(alice))
		wantClass(t, err, smsengine.Temporary, "4.4.1")
		k.Start()
		if _, err := g.Send(t.Context(), text(alice)); err != nil {
			t.Errorf("Kannel is there again: %v", err)
		}
		k.WaitParts(2)
	})
	t.Run("password", func(t *testing.T) {
		g, k := behindKannel(t, "guess", nil)
		_, err := g.Send(t.Context(), text(alice))
		wantClass(t, err, smsengine.Temporary, "4.3.5")
		if h, err := g.Check(t.Context()); err != nil || h.Ready || !strings.Contains(h.Text, "credentials") {
			t.Errorf("the gateway is not held: %+v %v", h, err)
		}
		if n := len(k.Parts()); n != 0 {
			t.Errorf("phones have %d SMS", n)
		}
	})
}

func TestKannelBringsTexts(t *testing.T) {
	g, k := behindKannel(t, "sesame", nil)
	want := []string{"Grüße, 100 % & 5 €", "Вода 🌊", strings.Repeat("long ", 100)}
	k.Receive(alice, ours, want[0]) // nobody listens yet: Kannel comes again
	sink := gatewaytest.NewSink()
	go func() { _ = g.Listen(t.Context(), sink) }()
	k.ReceiveUCS2(alice, ours, want[1])
	k.Receive(alice, ours, want[2])
	deadline := time.Now().Add(20 * time.Second)
	for len(sink.Parts()) < len(want) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	for _, text := range want {
		if !slices.ContainsFunc(sink.Parts(), func(p smsengine.IncomingPart) bool {
			return p.Text == text && p.From == smsengine.Phone(alice) && p.To == smsengine.Phone(ours) && p.Dedupe != ""
		}) {
			t.Errorf("%q did not come; there are %+v", text, sink.Parts())
		}
	}
	if n := len(k.Parts()); n != 0 {
		t.Errorf("Kannel answered phones: %+v", k.Parts())
	}
}

// delivery is part 0 of a new message.
func delivery(to string, body smsengine.Body, parts ...smsengine.Part) smsengine.Delivery {
	now := time.Now().UTC()
	return smsengine.Delivery{Message: smsengine.Message{
		ID: smsengine.NewMessageID(now), Kind: smsengine.Text, Gateway: "office",
		To: smsengine.Phone(to), Body: body, Parts: parts, Created: now, Expires: now.Add(time.Hour),
	}}
}
