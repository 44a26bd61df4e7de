package sms

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
)

// Another Postel, and the server whose service Postel replaces, send through this
// interface: what their provider files make of texts arrives as it was.
func TestOtherServers(t *testing.T) {
	for _, provider := range []string{"postel", "server"} {
		t.Run(provider, func(t *testing.T) {
			b := newBed(t, nil)
			server := httptest.NewServer(b.server)
			defer server.Close()
			secrets := filepath.Join(t.TempDir(), "secrets")
			if err := os.WriteFile(secrets, []byte("password="+password+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			g, err := httpgw.New("far", "+15555550100", httpgw.Config{
				Provider: provider, SecretsFile: secrets,
				Values: []httpgw.Value{{Name: "base", Value: server.URL}, {Name: "user", Value: "shop"}},
			}, httpgw.Options{Files: []fs.FS{gateways.Files}})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			otherServer(t, b, g)
		})
	}
}

func otherServer(t *testing.T, b *bed, g *httpgw.Gateway) {
	t.Helper()
	const text = "Où? 100% & 1+1=2; \"ü\"\n<ok> Да \U0001F600"
	long := strings.Repeat("All hands on deck. ", 40)
	for i, m := range []smsengine.Message{
		{Body: smsengine.Body{Text: text, Alphabet: "ucs2"}, Parts: []smsengine.Part{{Text: text}}},
		{Body: smsengine.Body{Text: long, Alphabet: "gsm7", Flash: true}, Parts: []smsengine.Part{{Text: long[:400]}, {Text: long[400:]}}},
		{Body: smsengine.Body{Alphabet: "binary", Params: []smsengine.Param{{Name: "pid", Value: "64"}, {Name: "dcs", Value: "245"}}},
			Parts: []smsengine.Part{{Data: []byte{1, 0xfe, 0xff, 0xfb}, UDH: []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}}}},
	} {
		now := time.Now()
		m.ID, m.Kind, m.To, m.Gateway = smsengine.MessageID(fmt.Sprintf("m%d", i)), smsengine.Text, smsengine.Phone("+15555550123"), "far"
		m.Created, m.Expires, m.State, m.Attempt = now, now.Add(time.Hour), smsengine.Sending, 1
		for range 3 {
			if _, err := g.Send(t.Context(), smsengine.Delivery{Message: m}); err != nil {
				t.Fatalf("text %d: %v", i, err)
			}
		}
		all, err := b.store.List(t.Context(), smsengine.Filter{})
		if err != nil || len(all) != i+1 {
			t.Fatalf("text %d sent three times: %d are there, %v", i, len(all), err)
		}
		var got smsengine.Message
		for _, one := range all {
			if one.Body.Text == m.Body.Text && one.Body.Alphabet == m.Body.Alphabet {
				got = one
			}
		}
		if got.Account != "shop" || got.To != m.To || got.Body.Flash != m.Body.Flash {
			t.Errorf("text %d is not there: %+v", i, all)
		}
		if m.Body.Alphabet == "binary" {
			p := got.Parts[0]
			if string(p.Data) != string(m.Parts[0].Data) || string(p.UDH) != string(m.Parts[0].UDH) ||
				fmt.Sprint(got.Body.Params) != "[{dcs 245} {pid 64} {sender +15555550100}]" {
				t.Errorf("% x, % x, %v", p.Data, p.UDH, got.Body.Params)
			}
		}
	}
	m := smsengine.Message{ID: "abroad", Kind: smsengine.Text, To: smsengine.Phone("+4915555550123"), Body: smsengine.Body{Text: "x", Alphabet: "gsm7"}, Parts: []smsengine.Part{{Text: "x"}}}
	_, err := g.Send(t.Context(), smsengine.Delivery{Message: m})
	if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Class != smsengine.Permanent {
		t.Errorf("what is refused there is %v here", err)
	}
}
