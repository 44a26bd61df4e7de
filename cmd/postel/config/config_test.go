package config

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/mistake"
)

type simOptions struct {
	Delay   Duration `toml:"delay"`
	Failing float64  `toml:"failing"`
	Pairs   []pair   `toml:"pairs"`
}

// pair is a struct that is read from a text, as drivers may have them.
type pair struct{ a, b string }

func (p *pair) UnmarshalText(text []byte) (err error) {
	var ok bool
	if p.a, p.b, ok = strings.Cut(string(text), " "); !ok {
		err = errors.New("want two words")
	}
	return err
}

var drivers = Drivers{"sim": func() any { return &simOptions{Delay: Duration(time.Second)} }}

const good = `state = "/tmp/postel"
[address]
phone_domains = ["SMS.example.org"]
domains = ["example.org"]
prefixes = ["sms", "smsp?maxmsgs=7"]
[access]
domains = ["example.org"]
monthly_limit = 500
[lmtp]
listen = "inet:127.0.0.1:10024"
mode = "0600"
max_size = "2MB"
[queue]
expiry = "1d12h"
[[gateway]]
id = "office"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
[gateway.sim]
delay = "5s"
`

func TestGood(t *testing.T) {
	c, err := Parse("postel.toml", []byte(good), drivers)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, got, want string }{
		{"folded domain", c.Address.PhoneDomains[0], "sms.example.org"},
		{"from pattern", c.Mail.From, "%s"},
		{"mail domain", c.Mail.Domain, "sms.example.org"},
		{"postmaster", c.Mail.Postmaster, "postmaster@sms.example.org"},
		{"control socket", c.Control.Listen.String(), "unix:/tmp/postel/control.sock"},
		{"expiry", time.Duration(c.Queue.Expiry).String(), "36h0m0s"},
		{"default", c.Queue.DelayWarning.String(), "4h"},
		{"driver", c.Gateways[0].Options.(*simOptions).Delay.String(), "5s"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	if c.LMTP.MaxSize != 2<<20 || c.LMTP.Mode != 0o600 {
		t.Errorf("lmtp %+v", c.LMTP)
	}
	if got := c.LMTP.Peers; len(got) != 1 {
		t.Errorf("peers %q, want the default: the table sets others of its keys", got)
	}
}

// Each case replaces one line of the good file, and must be reported exactly so.
func TestProblems(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"unknown key", `state = "/tmp/postel"`, `stat = "/tmp/postel"`, `postel.toml:1: stat: there is no such key; did you mean state?`},
		{"unknown table", `[queue]`, `[quue]`, `postel.toml:13: quue: there is no such table; did you mean queue?`},
		{"unknown driver key", `delay = "5s"`, `dely = "5s"`, `postel.toml:21: gateway[0].sim.dely: there is no such key; did you mean delay?`},
		{"wrong type", `monthly_limit = 500`, `monthly_limit = "500"`, `postel.toml:8: access.monthly_limit: want a whole number, without quotes, not a string`},
		{"list wanted", `domains = ["example.org"]` + "\nprefixes", `domains = "example.org"` + "\nprefixes", `postel.toml:4: address.domains: want a list of texts, ["…", "…"], not a string`},
		{"duration type", `expiry = "1d12h"`, `expiry = 7200`, `postel.toml:14: queue.expiry: want a time in quotes, such as "7d", "4h" or "7200m"`},
		{"duration form", `expiry = "1d12h"`, `expiry = "a week"`, `postel.toml:14: queue.expiry: want a time in quotes, such as "7d", "4h" or "7200m"`},
		{"duration huge", `expiry = "1d12h"`, `expiry = "70000d"`, `postel.toml:14: queue.expiry: want a time in quotes, such as "7d", "4h" or "7200m"`},
		{"mode", `mode = "0600"`, `mode = "0688"`, `postel.toml:11: lmtp.mode: want permissions in octal and quotes, such as "0660"`},
		{"size", `max_size = "2MB"`, `max_size = "big"`, `postel.toml:12: lmtp.max_size: want a size in quotes, such as "10MB" or "512kB"`},
		{"socket", `listen = "inet:127.0.0.1:10024"`, `listen = "127.0.0.1:10024"`, `postel.toml:10: lmtp.listen: want a socket, "unix:/path" or "inet:host:port"`},
		{"relative socket", `listen = "inet:127.0.0.1:10024"`, `listen = "unix:lmtp"`, `postel.toml:10: lmtp.listen: the path of a unix socket begins with "/"`},
		{"both kinds of domain", `domains = ["example.org"]` + "\nprefixes", `domains = ["sms.example.org"]` + "\nprefixes", `postel.toml:4: address.domains: sms.example.org is a phone domain as well; list it once: as a phone domain if it has no mailboxes`},
		{"nobody may send", `domains = ["example.org"]` + "\nmonthly", `domains = []` + "\nmonthly", `postel.toml:7: access.domains: nobody may send, so lmtp would refuse everything; list the domains whose users may send`},
		{"reserved id", `id = "office"`, `id = "mail"`, `postel.toml:16: gateway[0].id: "mail" is the name of the mail server; choose another`},
		{"no driver", `type = "sim"`, `type = "smi"`, `postel.toml:17: gateway[0].type: there is no driver "smi"; did you mean sim?`},
		{"no default recipient", `default_recipient = "office@example.org"`, ``, `postel.toml:15: gateway[0].default_recipient: texts that answer nobody would have nowhere to go; name a mailbox`},
		{"list of nobody", `default_recipient = "office@example.org"`, `default_recipient = "inbox:"`, `postel.toml:19: gateway[0].default_recipient: "inbox:" names no account; write "inbox:" and an account`},
		{"reserved for webhooks", `id = "office"`, `id = "webhook"`, `postel.toml:16: gateway[0].id: "webhook" is the name of what calls webhooks; choose another`},
		{"text loop", `default_recipient = "office@example.org"`, `default_recipient = "sms=+15555550123@example.org"`, `postel.toml:19: gateway[0].default_recipient: sms=+15555550123@example.org is a phone: a text must not buy texts; name a mailbox`},
		{"pattern", `[queue]`, "[mail]\nfrom = \"sms@example.org\"\n[queue]", `postel.toml:14: mail.from: sender pattern "sms@example.org": the part before @ must hold %s, which stands for the number, once; write it as in "%s@sms.example.org"`},
		{"mail loop", `[queue]`, "[mail]\nto = \"smtp:127.0.0.1:10024\"\n[queue]", `postel.toml:14: mail.to: this is Postel's own server: answers would go round in circles; name the mail server`},
		{"same socket", `[queue]`, "[policy]\nlisten = \"inet:127.0.0.1:10024\"\n[queue]", `postel.toml:10: lmtp.listen: inet:127.0.0.1:10024 is the socket of policy.listen already; give each its own socket`},
		{"open to all", `mode = "0600"`, "mode = \"0666\"\n[policy]\nlisten = \"unix:/x\"\nmode = \"0666\"\npeers = [\"*\"]", `postel.toml:14: policy.mode: 0666 lets every user of this machine connect`},
		{"open relay", `mode = "0600"`, `trusted_networks = ["0.0.0.0/0"]`, `postel.toml:11: lmtp.trusted_networks: 0.0.0.0/0 is the whole world, which could send texts at your cost; name the networks that you run`},
		{"late warning", `expiry = "1d12h"`, `expiry = "2h"`, `postel.toml:13: queue.delay_warning: after 4h a text has been given up already (queue.expiry is 2h); write a shorter time, or "0" for no warning`},
		{"region", `state = "/tmp/postel"`, `region = "Texas"`, `postel.toml:1: region: no country has the code "Texas"; write two capital letters, such as "US" or "DE"`},
		{"one bracket", `[[gateway]]`, `[gateway]`, `postel.toml:15: gateway: a gateway begins with [[gateway]], two brackets; its driver's own keys follow in [gateway.TYPE]`},
		{"prefix", `prefixes = ["sms", "smsp?maxmsgs=7"]`, `prefixes = ["sms", "s/p"]`, `postel.toml:5: address.prefixes: prefix "s/p": must be letters and digits`},
		{"prefix parameter", `prefixes = ["sms", "smsp?maxmsgs=7"]`, `prefixes = ["smsp?maxmsg=7"]`, `postel.toml:5: address.prefixes: prefix "smsp": default parameters: `},
		{"scrub", `[lmtp]`, "[milter]\nscrub = \"every\"\n[lmtp]", `postel.toml:10: milter.scrub: "every" is not a choice; write "phone" or "all" or "none"`},
		{"milter's size", `[lmtp]`, "[milter]\nmax_size = \"0\"\n[lmtp]", `postel.toml:10: milter.max_size: no mail fits into nothing; write a size such as "10MB"`},
		{"choice", `[queue]`, "[queue]\nrepeat_unsure = \"twice\"", `postel.toml:14: queue.repeat_unsure: "twice" is not a choice; write "never" or "once"`},
		{"permissions without quotes", `mode = "0600"`, `mode = 660`, `postel.toml:11: lmtp.mode: write it in quotes, "660"`},
		{"true for a list", `prefixes = ["sms", "smsp?maxmsgs=7"]`, `prefixes = true`, `postel.toml:5: address.prefixes: want a list of texts, ["…", "…"], not true or false`},
		{"list of numbers", `prefixes = ["sms", "smsp?maxmsgs=7"]`, `prefixes = [1]`, `postel.toml:5: address.prefixes: want a list of texts, ["…", "…"]`},
		{"fallback to nobody", `id = "office"`, "id = \"office\"\nfallback = [\"ofice\"]", `postel.toml:17: gateway[0].fallback: there is no gateway "ofice"; did you mean office?`},
		{"fallback to itself", `id = "office"`, "id = \"office\"\nfallback = [\"office\"]", `postel.toml:17: gateway[0].fallback: the gateway "office" stands in for itself; name others`},
		{"no weight", `id = "office"`, "id = \"office\"\nweight = 0", `postel.toml:17: gateway[0].weight: 0 is no weight; write 1 to 1000`},
		{"cost", `id = "office"`, "id = \"office\"\ncost = \"cheap\"", `postel.toml:17: gateway[0].cost: want a price such as "0.075"`},
		{"cost without quotes", `id = "office"`, "id = \"office\"\ncost = 0.07", `postel.toml:17: gateway[0].cost: write it in quotes, "0.07"`},
		{"rate", `id = "office"`, "id = \"office\"\nrate = [\"10 a day\"]", `postel.toml:17: gateway[0].rate: want a rate such as "100/1h" or "5/1m", or "none"`},
		{"rate of none", `id = "office"`, "id = \"office\"\nrate = [\"none\"]", `postel.toml:17: gateway[0].rate: a rate of none is no rate; leave it out`},
		{"rate of half a day", `id = "office"`, "id = \"office\"\nrate = [\"9/12h\"]", `postel.toml:17: gateway[0].rate: 9/12h: a span of more than an hour is a day; write "/s", "/m", "/h" or "/d"`},
		{"two rates of a minute", `id = "office"`, "id = \"office\"\nrate = [\"9/m\", \"8/m\"]", `postel.toml:17: gateway[0].rate: there are two rates for 1m; keep the lower one`},
		{"window", `id = "office"`, "id = \"office\"\nwindow = [\"weekdays\"]", `postel.toml:17: gateway[0].window: want hours, with days of the week or without, such as "mon-fri 08:00-18:30" or "22:00-06:00"`},
		{"list of own values", `delay = "5s"`, `pairs = ["a b", "c"]`, `postel.toml:21: gateway[0].sim.pairs: want two words`},
		{"inside an inline table", `state = "/tmp/postel"`, `log = { level = 1 }`, `postel.toml:1: log.level: want a text in quotes, not an integer`},
		{"dotted", `state = "/tmp/postel"`, `log.levle = "info"`, `postel.toml:1: log.levle: there is no such key`},
		{"through a value", `state = "/tmp/postel"`, `region.x = "info"`, `postel.toml:1: region.x: there is no such key`},
		{"not TOML", `state = "/tmp/postel"`, `state = `, `postel.toml:1: `},
		{"key twice", `id = "office"`, "id = \"office\"\nid = \"other\"", `postel.toml:17: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatal("the case changes nothing")
			}
			_, err := Parse("postel.toml", []byte(text), drivers)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.Split(err.Error(), "\n"); !strings.HasPrefix(got[0], tt.want) || strings.HasSuffix(tt.want, ": ") && len(got) > 1 {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := strings.NewReplacer("state =", "stat =", "500", `"x"`, `"sim"`, `"modem"`, "1d12h", "soon").Replace(good)
	_, err := Parse("postel.toml", []byte(text), drivers)
	ps, ok := errors.AsType[mistake.Problems](err)
	if !ok || len(ps) != 5 { // the fifth: [gateway.sim] in a gateway of another type
		t.Fatalf("%d problems, want 5:\n%v", len(ps), err)
	}
	for i := 1; i < len(ps); i++ {
		if ps[i].Line < ps[i-1].Line {
			t.Errorf("problems are not in the order of lines:\n%v", err)
		}
	}
}

func TestEmptyFileSaysWhatIsMissing(t *testing.T) {
	_, err := Parse("postel.toml", nil, drivers)
	if err == nil || !strings.Contains(err.Error(), "postel.toml: gateway: there is none") {
		t.Errorf("%v", err)
	}
}

func TestGatewayInOneLine(t *testing.T) {
	_, err := Parse("postel.toml", []byte(`gateway = [{id = "office"}]`), drivers)
	want := "postel.toml:1: gateway: this is a table; begin it with [[gateway]] on a line of its own"
	if err == nil || strings.Split(err.Error(), "\n")[1] != want {
		t.Errorf("%v, want as second line %s", err, want)
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load(t.TempDir()+"/none.toml", drivers); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestValuesReadWhatTheyWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, int64(1000*24*time.Hour)).Draw(t, "d"))
		text, _ := d.MarshalText()
		var back Duration
		if err := back.UnmarshalText(text); err != nil || back != d {
			t.Fatalf("%s reads as %v, %v", text, time.Duration(back), err)
		}
		s := Size(rapid.Int64Range(0, 1<<31-1).Draw(t, "s"))
		text, _ = s.MarshalText()
		var size Size
		if err := size.UnmarshalText(text); err != nil || size != s {
			t.Fatalf("%s reads as %d, %v", text, size, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("[a.b]\n[[gateway]]\n[gateway.sim]\ndelay={}\n[[gateway.sim]]\n")
	f.Add("gateway = [{id='x'}]\nlmtp.listen='unix:/x'\n\"\"=1\nlog={level=1}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f", []byte(text), drivers)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		for _, p := range mustProblems(t, err) {
			if p.Line > strings.Count(text, "\n")+1 {
				t.Errorf("line %d of %d: %s", p.Line, strings.Count(text, "\n")+1, p)
			}
		}
	})
}

func mustProblems(t *testing.T, err error) mistake.Problems {
	if err == nil {
		return nil
	}
	ps, ok := errors.AsType[mistake.Problems](err)
	if !ok {
		t.Fatalf("%T", err)
	}
	return ps
}
