package httpgw

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// What a site's own URL carries is read from it, as far as that is certain; those
// of the reference's manual among them.
func TestAbilitiesOfAURL(t *testing.T) {
	const all, letters = "gsm7 ucs2 binary", "gsm7 ucs2"
	for _, x := range []struct {
		name, url, alphabets string
		sender, bare         bool
	}{
		{"number and text", "http://example.com/?to=%number%&text=%data%", letters, false, true},
		{"with a sender", "http://example.com/?to=%number%&text=%data%&from=%sender%", letters, true, true},
		{"with the alias", "http://example.com/?to=%number%&text=%data%&from=%sender_phonealias%", letters, true, true},
		{"another server", "http://example.com/sms/?number=%number%&data=%data%&udh=%udh%&binary=%binary%&pid=%pid%&dcs=%dcs%&sender=%sender%", all, true, false},
		{"says what is binary", "http://example.com/?to=%number%&text=%data%&b=%binary%", all, false, true},
		{"a condition for octets", "http://example.com/?to=%number%&text=%data;isascii;isunicode;unicode;isbinary;hex%", all, false, true},
		{"letters of GSM only", "http://example.com/?to=%number%&text=%data;isascii%", "gsm7", false, true},
		{"both, each in its form", "http://example.com/?to=%number%&text=%data;isascii;isunicode;unicode%", letters, false, true},
		{"always in hexadecimal", "http://example.com/?to=%number%&text=%data;hex%", all, false, true},
		{"nothing of the text", "http://example.com/ring?to=%number%", all, false, true},
		{"Clickatell, as printed", "http://api.clickatell.com/http/sendmsg?user=john&password=pw&api_id=1&to=%number%&from=%sender_phonealias%&data=%data%&concat=%parts%", letters, true, true},
	} {
		secrets := filepath.Join(t.TempDir(), "secrets")
		if err := os.WriteFile(secrets, []byte("url="+x.url), 0o600); err != nil {
			t.Fatal(err)
		}
		c := Config{Provider: "generic-url", SecretsFile: secrets}
		got, err := c.Abilities(files...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got.Alphabets, " ") != x.alphabets || got.Sender != x.sender || got.Bare != x.bare {
			t.Errorf("%s: %+v", x.name, got)
		}
		if g := fromValues(t, "generic-url", []byte("url="+x.url+"\n")); !reflect.DeepEqual(g.can, got) {
			t.Errorf("%s: the gateway takes %+v", x.name, g.can)
		}
	}
}

// Whoever may not read the URL knows what the provider's file says, and all
// providers that come with Postel can show a sender but for those whose number is
// fixed.
func TestAbilitiesOfFiles(t *testing.T) {
	c := Config{Provider: "generic-url", SecretsFile: "/nowhere"}
	if got, err := c.Abilities(files...); err != nil || len(got.Alphabets) != 3 || !got.Sender || got.Bare {
		t.Errorf("%+v, %v", got, err)
	}
	ids, err := provider.List(gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	var mute []string
	for _, id := range ids {
		c := Config{Provider: id}
		got, err := c.Abilities(files...)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Sender {
			mute = append(mute, id)
		}
	}
	if strings.Join(mute, " ") != "android-sms-gateway bird clickatell" { // a phone, a channel, a setting
		t.Errorf("%q show no sender", mute)
	}
}

// What the phone shows is told with the text: our number, another, or a name. A
// URL without a sender shows none that is asked for.
func TestTheSenderIsTold(t *testing.T) {
	for _, x := range []struct{ url, asked, sent, number, name string }{
		{"&from=%sender%", "", "from=%2B15555550100", ours, ""},
		{"&from=%sender%", "+15555550124", "from=%2B15555550124", "+15555550124", ""},
		{"&from=%sender%", "72727", "from=72727", "72727", ""},
		{"&from=%sender%", "H&M", "from=H%26M", "", "H&M"},
		{"&from=BANK", "EXAMPLE", "from=BANK", ours, ""},
		{"", "EXAMPLE", "", ours, ""},
	} {
		f := newFake(t, says(fine))
		g := fromValues(t, "generic-url", []byte("url=http://sms.example.org/?to=%number%&text=%data%"+x.url+"\n"))
		f.connect(g)
		d := delivery(t, g, nil)
		if x.asked != "" {
			d.Message.Body.Params = []smsengine.Param{{Name: "sender", Value: x.asked}}
		}
		taking, err := g.Send(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if q := f.requests[0].URL.RawQuery; !strings.HasSuffix(q, x.sent) || strings.Contains(q, "EXAMPLE") {
			t.Errorf("%s, %s: asked for %s", x.url, x.asked, q)
		}
		if taking.Ours.Value != x.number || taking.Sender != x.name {
			t.Errorf("%s, %s: it is told that it showed %q, %q", x.url, x.asked, taking.Ours.Value, taking.Sender)
		}
	}
}

// A header that cannot be carried is refused, not left out.
func TestABareURLRefusesHeaders(t *testing.T) {
	g := fromValues(t, "generic-url", []byte("url=http://sms.example.org/?to=%number%&text=%data%&b=%binary%\n"))
	d := delivery(t, g, []byte("data: 01FE"))
	if err := g.can.Carries(d.Message); err != nil {
		t.Error(err)
	}
	d.Message.Body.UDH = []byte{5, 4, 0x0b, 0x84, 0x23, 0xf0}
	if err := g.can.Carries(d.Message); err == nil {
		t.Error("it would lose the header")
	}
}
