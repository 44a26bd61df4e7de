package modem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/sms"
)

// message is one to a phone, cut as the engine cuts it.
func message(t testing.TB, to, text string, o sms.Options) smsengine.Message {
	t.Helper()
	cut, err := sms.SplitText(text, o)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m := smsengine.Message{
		ID: smsengine.NewMessageID(now), Kind: smsengine.Text, To: smsengine.Phone(to), Created: now, Expires: now.Add(5 * 24 * time.Hour),
		Body: smsengine.Body{Text: text, Alphabet: cut.Alphabet.String(), National: cut.Language.String()},
	}
	for _, p := range cut.Parts {
		m.Parts = append(m.Parts, smsengine.Part{Text: p.Text, Data: p.Data, UDH: p.UDH})
	}
	return m
}

// sendAll gives all parts to the gateway, or as many as it takes.
func sendAll(ctx context.Context, g *modem.Gateway, m smsengine.Message) (takings []smsengine.Taking, err error) {
	for i := range m.Parts {
		taking, err := g.Send(ctx, smsengine.Delivery{Message: m, Part: i})
		takings = append(takings, taking)
		if err != nil {
			return takings, err
		}
	}
	return takings, nil
}

// Every way in which a send goes wrong: what had not left is never uncertain, what may have left is never temporary,
// and the next text goes as if nothing had been.
func TestSendFails(t *testing.T) {
	const (
		temporary = smsengine.Temporary
		permanent = smsengine.Permanent
		uncertain = smsengine.Uncertain
	)
	for _, c := range []struct {
		step       string
		fault      emulator.Fault
		name       string
		class      smsengine.Class
		arrives    int
		diagnostic string
	}{
		{"submit", emulator.CMS(38), "CMS 38", temporary, 0, "CMS ERROR 38"},
		{"submit", emulator.CMS(513), "CMS 513", temporary, 0, "CMS ERROR 513"},
		{"submit", emulator.CMS(310), "CMS 310", temporary, 0, "CMS ERROR 310"},
		{"submit", emulator.CMS(1), "CMS 1", permanent, 0, "CMS ERROR 1"},
		{"submit", emulator.CMS(304), "CMS 304", permanent, 0, "CMS ERROR 304"},
		{"submit", emulator.CMS(305), "CMS 305", permanent, 0, "CMS ERROR 305"},
		{"submit", emulator.CMS(193), "CMS 193", permanent, 0, "CMS ERROR 193"},
		{"submit", emulator.CMS(500), "CMS 500, lost", uncertain, 0, "CMS ERROR 500"},
		{"submit", emulator.CMS(500).Done(), "CMS 500, sent", uncertain, 1, "CMS ERROR 500"},
		{"submit", emulator.CMS(332).Done(), "CMS 332, sent", uncertain, 1, "CMS ERROR 332"},
		{"submit", emulator.CMS(512).Done(), "CMS 512, sent", uncertain, 1, "CMS ERROR 512"},
		{"submit", emulator.CME(30), "CME 30", temporary, 0, "CME ERROR 30"},
		{"submit", emulator.Result("ERROR").Done(), "ERROR, sent", uncertain, 1, "ERROR"},
		{"submit", emulator.Result("+CMS ERROR: bananas"), "bananas", uncertain, 0, "bananas"},
		{"submit", emulator.Silence(), "silence, lost", uncertain, 0, "no result"},
		{"submit", emulator.Silence().Done(), "silence, sent", uncertain, 1, "no result"},
		{"submit", emulator.Unplugged(), "unplugged", uncertain, 0, "no result"},
		{"submit", emulator.Unplugged().Done(), "unplugged, sent", uncertain, 1, "no result"},
		{"submit", emulator.NoOK(), "without OK", smsengine.OK, 1, ""},
		{"submit", emulator.Garbage("\r\n^RSSI:12\r\n\xff\x00"), "noise", smsengine.OK, 1, ""},
		{"prompt", emulator.Silence(), "no prompt", temporary, 0, "no prompt"},
		{"prompt", emulator.Silence().Done(), "prompt without a word", temporary, 0, "no prompt"},
		{"prompt", emulator.CMS(500), "CMS 500 for a prompt", temporary, 0, "no prompt"},
		{"prompt", emulator.CMS(304), "CMS 304 for a prompt", permanent, 0, "CMS ERROR 304"},
		{"prompt", emulator.CMS(331), "CMS 331 for a prompt", temporary, 0, "CMS ERROR 331"},
		{"prompt", emulator.Unplugged(), "unplugged before", temporary, 0, "no prompt"},
		{"prompt", emulator.Garbage("\r\n+CMTI: \"SM\",9\r\n"), "an indication before the prompt", smsengine.OK, 1, ""},
		{"+CMGS", emulator.Result("ERROR"), "ERROR for a command", temporary, 0, "no prompt"},
		{"+CMGS", emulator.Result("COMMAND NOT SUPPORT"), "a vendor's ERROR", temporary, 0, "no prompt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := emulator.Start(t, emulator.E220, emulator.Options{})
			o := quick()
			o.AT.Send, o.AT.Prompt = 300*time.Millisecond, 200*time.Millisecond
			config := patient(m)
			config.Poll = modem.Duration(50 * time.Millisecond)
			g := start(t, config, o)
			const to = "+15555550123"
			m.Fail(c.step, c.fault)
			takings, err := sendAll(t.Context(), g, message(t, to, "tried", sms.Options{}))
			status := smsengine.StatusOf(err)
			if status.Class != c.class || (err == nil) != (c.class == smsengine.OK) {
				t.Errorf("Send says %s: %v", status.Class, err)
			}
			if !strings.Contains(status.Diagnostic, c.diagnostic) {
				t.Errorf("the diagnostic is %q", status.Diagnostic)
			}
			if err == nil && (takings[0].Reference == "" || !takings[0].Receipts || takings[0].Ours != smsengine.Phone(ours)) {
				t.Errorf("%+v", takings[0])
			}
			m.Plug()
			for err = errors.New("not tried"); err != nil; _, err = sendAll(t.Context(), g, message(t, to, "after", sms.Options{})) {
				ready(t, g) // a modem that is out of order is looked at first
			}
			var got []string
			for _, p := range m.WaitSent(c.arrives + 1) {
				got = append(got, p.Text)
			}
			want := []string{"tried", "after"}[1-c.arrives:]
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the phone has %q", got)
			}
		})
	}
}

// What cannot be sent at all never reaches the modem.
func TestUnsendable(t *testing.T) {
	m := emulator.Start(t, emulator.SIM800, emulator.Options{})
	g := start(t, patient(m), quick())
	for name, change := range map[string]func(*smsengine.Message){
		"number":               func(m *smsengine.Message) { m.To = smsengine.Phone("12 34") },
		"no number":            func(m *smsengine.Message) { m.To = smsengine.Phone("+") },
		"number that commands": func(m *smsengine.Message) { m.To = smsengine.Phone("+1\rAT+CMGD=1") },
		"character":            func(m *smsengine.Message) { m.Parts[0].Text = "日" },
		"too long":             func(m *smsengine.Message) { m.Parts[0].Text = strings.Repeat("x", 161) },
		"header":               func(m *smsengine.Message) { m.Parts[0].UDH = []byte{9, 1} },
		"pid":                  func(m *smsengine.Message) { m.Body.Params = []smsengine.Param{{Name: "pid", Value: "256"}} },
		"dcs":                  func(m *smsengine.Message) { m.Body.Params = []smsengine.Param{{Name: "dcs", Value: "8"}} },
	} {
		text := message(t, "+15555550123", "text", sms.Options{})
		change(&text)
		_, err := sendAll(t.Context(), g, text)
		if s := smsengine.StatusOf(err); s.Class != smsengine.Permanent || !strings.HasPrefix(s.Code, "5.") || s.Text == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := m.Count("AT+CMGS"); n > 0 {
		t.Errorf("the modem was asked %d times", n)
	}
}

// What a message says of how it is sent is on the air.
func TestHowItIsSent(t *testing.T) {
	for _, c := range []struct {
		name   string
		config func(*modem.Config)
		change func(*smsengine.Message)
		check  func(emulator.Part) bool
	}{
		{"plain", nil, nil, func(p emulator.Part) bool {
			return p.Type == 0x91 && p.DCS == 0 && p.PID == 0 && p.ReportAsked && !p.RejectDuplicates && p.SMSC == "" &&
				p.HasValidity && p.Validity == 4*24*time.Hour // the next step is too much by a moment
		}},
		{"flash", nil, func(m *smsengine.Message) { m.Body.Flash = true }, func(p emulator.Part) bool { return p.DCS == 0x10 }},
		{
			"UCS-2 flash", nil, func(m *smsengine.Message) { m.Body.Flash, m.Body.Alphabet = true, "ucs2" },
			func(p emulator.Part) bool { return p.DCS == 0x18 && p.Text == "text" },
		},
		{"pid", nil, func(m *smsengine.Message) { m.Body.Params = []smsengine.Param{{Name: "pid", Value: "0x41"}} }, func(p emulator.Part) bool { return p.PID == 0x41 }},
		{"dcs", nil, func(m *smsengine.Message) { m.Body.Params = []smsengine.Param{{Name: "dcs", Value: "241"}} }, func(p emulator.Part) bool { return p.DCS == 241 }},
		{
			"data", nil, func(m *smsengine.Message) {
				m.Parts[0] = smsengine.Part{Data: []byte{0, 0x1a, 0xff}, UDH: []byte{4, 4, 2, 9, 8}}
			},
			func(p emulator.Part) bool {
				return p.DCS == 4 && bytes.Equal(p.Data, []byte{0, 0x1a, 0xff}) && bytes.Equal(p.UDH, []byte{4, 2, 9, 8})
			},
		},
		{"no receipts", func(c *modem.Config) { c.Receipts = false }, nil, func(p emulator.Part) bool { return !p.ReportAsked }},
		{"short validity", func(c *modem.Config) { c.Validity = modem.Duration(time.Hour) }, nil, func(p emulator.Part) bool { return p.Validity == time.Hour }},
		{
			"shorter validity of its own", func(c *modem.Config) { c.Validity = modem.Duration(time.Hour) },
			func(m *smsengine.Message) { m.Expires = time.Now().Add(21 * time.Minute) },
			func(p emulator.Part) bool { return p.Validity == 20*time.Minute },
		},
		{"as long as the network likes", nil, func(m *smsengine.Message) { m.Expires = time.Time{} }, func(p emulator.Part) bool { return !p.HasValidity }},
		{
			"short code", nil, func(m *smsengine.Message) { m.To = smsengine.Phone("70707") },
			func(p emulator.Part) bool { return p.Number == "70707" && p.Type == 0x81 },
		},
		{
			"as dialled", nil, func(m *smsengine.Message) { m.To = smsengine.Phone("0555123456") },
			func(p emulator.Part) bool { return p.Number == "0555123456" && p.Type == 0x81 },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := emulator.Start(t, emulator.SIM800, emulator.Options{})
			config := patient(m)
			if c.config != nil {
				c.config(&config)
			}
			g := start(t, config, quick())
			text := message(t, "+15555550123", "text", sms.Options{})
			if c.change != nil {
				c.change(&text)
			}
			takings, err := sendAll(t.Context(), g, text)
			if err != nil {
				t.Fatal(err)
			}
			if p := m.WaitSent(1)[0]; !c.check(p) {
				t.Errorf("on the air it is %+v", p)
			}
			if takings[0].Receipts != config.Receipts {
				t.Errorf("%+v", takings[0])
			}
		})
	}
}

// The parts of a message go one behind the other over one link, whoever else sends; and while all of them send without
// an end, what is received is taken all the same.
func TestFlood(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.SIM800, emulator.E1556, emulator.ES75} {
		t.Run(p.Name, func(t *testing.T) {
			o := opened(t, p, emulator.Options{}, nil)
			ctx, stop := context.WithCancel(o.ctx)
			var senders sync.WaitGroup
			for i := range 4 {
				senders.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						text := message(t, fmt.Sprintf("+1555555010%d", i), strings.Repeat(fmt.Sprintf("%d/%d ", i, n), 70), sms.Options{Ref: uint16(64*i + n%64)})
						if _, err := sendAll(context.WithoutCancel(ctx), o.g, text); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			var want []string
			for i := range 30 {
				want = append(want, fmt.Sprintf("text %02d", i))
				o.post("+15555550123", want[i])
			}
			before := len(o.m.Sent())
			o.hears(want...)
			meanwhile := len(o.m.Sent()) - before
			stop()
			senders.Wait()
			t.Logf("%d parts went out while 30 came in", meanwhile)
			sent := o.m.Sent()
			messages := 0
			for i := 0; i < len(sent); i += sent[i].Total {
				messages++
				for k := range sent[i].Total {
					if p := sent[i+k]; p.Number != sent[i].Number || p.Ref != sent[i].Ref || p.Seq != k+1 {
						t.Fatalf("part %d of %s is where part %d of %s should be", p.Seq, p.Number, k+1, sent[i].Number)
					}
				}
			}
			if n := o.m.Count("AT+CMMS=1"); p.Name != emulator.E1556.Name && n != messages {
				t.Errorf("%d messages, and the link was kept %d times", messages, n)
			}
		})
	}
}

// Any text arrives as it was written.
func TestTextsArrive(t *testing.T) {
	m := emulator.Start(t, emulator.EC25, emulator.Options{Quiet: true})
	g := start(t, patient(m), quick())
	letters := rapid.OneOf(
		rapid.SampledFrom([]rune("abc XYZ 019 @£$¥èéùì\nØø_ΔΦ€[]{}\\~^|äöü")),
		rapid.SampledFrom([]rune("ğşıİçÇáíóúÍÓÚ€")),
		rapid.SampledFrom([]rune("日本語кирилл–„“’…")),
		rapid.SampledFrom([]rune("😀👍🏽👩\u200d🚀🇪🇺")),
	)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		alphabet := rapid.SliceOfN(letters, 1, 8).Draw(rt, "alphabet")
		text := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, 400).Draw(rt, "text"))
		options := sms.Options{Ref: uint16(rapid.IntRange(0, 65535).Draw(rt, "reference")), Ref16: rapid.Bool().Draw(rt, "wide")}
		if rapid.Bool().Draw(rt, "national") {
			options.Languages = []sms.Language{sms.Turkish, sms.Spanish, sms.Portuguese}
		}
		n++
		to := fmt.Sprintf("+1555%07d", n)
		if _, err := sendAll(t.Context(), g, message(t, to, text, options)); err != nil {
			rt.Fatal(err)
		}
		var parts []emulator.Part
		for _, p := range m.Sent() {
			if p.Number == to {
				parts = append(parts, p)
			}
		}
		if got := emulator.Join(parts); len(got) != 1 || got[0].Text != sms.Normalize(text) {
			rt.Fatalf("sent %q, the phone has %+v", text, got)
		}
	})
}
