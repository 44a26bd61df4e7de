package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

// kitchen is a service in a directory of its own, with a clock of its own, and
// everybody around it: mail programs, phones, a mailbox, programs, a web server and
// a database.
type kitchen struct {
	t       *testing.T
	dir     string
	service *service
	client  *control.Client
	server  string       // address of the server for mail
	ahead   atomic.Int64 // by how much the clock is ahead, ns
	numbers map[string]string
	web     witness
	crm     *sql.DB // nil: the recipe has none

	told  map[smsengine.MessageID]bool // what earlier lines were about
	asked []string                     // requests and programs of this line
	rows  int                          // of the database that earlier lines were about
}

// opening is when the clock begins, a Monday.
var opening = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// below is what every site of the page has; phones that end with 199 cannot be
// reached.
const below = `
state = "$DIR/state"
rules = "$DIR/rules"
[address]
phone_domains = ["sms.example.org"]
[access]
time_zone = "UTC"
rate = "none"
[smtp]
listen = "inet:127.0.0.1:0"
trust = true
[mail]
to = "maildir:$DIR/Maildir"
`

// newKitchen starts a service with the files of a recipe.
func newKitchen(t *testing.T, site string, files map[string]string) *kitchen {
	t.Helper()
	dir, err := os.MkdirTemp("", "cook") // a short name, for the socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	k := &kitchen{t: t, dir: dir, told: map[smsengine.MessageID]bool{}, numbers: map[string]string{}, web: witness{make(chan string, 100)}}
	k.ahead.Store(int64(time.Until(opening)))
	crm := httptest.NewServer(k.web)
	t.Cleanup(crm.Close)
	inside := strings.NewReplacer("/etc/postel", dir, "/usr/local/bin", dir+"/bin", "/var/lib", dir, "https://crm.example.org", crm.URL)
	for name, text := range files {
		k.write(name, inside.Replace(text), 0o600)
	}
	k.write("bin/siren", "#!/bin/sh\necho siren \"$@\" >>"+dir+"/programs\n", 0o700)
	k.openDatabase(files["crm.sql"])
	k.start(k.settings(below, site, files["postel.toml"]), inside)
	return k
}

func (k *kitchen) write(name, text string, mode os.FileMode) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		k.t.Fatal(err)
	}
}

// settings joins configurations: later ones add to earlier ones, and say more of
// gateways that are there. Gateways are simulated.
func (k *kitchen) settings(parts ...string) string {
	k.t.Helper()
	all := map[string]any{}
	for _, p := range parts {
		one := map[string]any{}
		if err := toml.Unmarshal([]byte(p), &one); err != nil {
			k.t.Fatalf("%v\n%s", err, p)
		}
		join(all, one)
	}
	gateways, _ := all["gateway"].([]any)
	for i, g := range gateways {
		g := g.(map[string]any)
		join(g, map[string]any{"type": "sim", "sim": map[string]any{"receipt_delay": "1ms", "sender": true, "fail": []string{"*199 temporary", "*198 permanent"}}})
		if g["number"] == nil {
			g["number"] = fmt.Sprintf("+1555555010%d", i+1)
		}
		if g["default_recipient"] == nil {
			g["default_recipient"] = "office@example.org"
		}
		k.numbers[g["id"].(string)] = g["number"].(string)
	}
	text, err := toml.Marshal(all)
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// join puts more into a table. Of lists of tables, those with the same id are one.
func join(into, more map[string]any) {
	for key, v := range more {
		switch v := v.(type) {
		case map[string]any:
			if old, ok := into[key].(map[string]any); ok {
				join(old, v)
				continue
			}
		case []any:
			if old, ok := into[key].([]any); ok && key == "gateway" {
				into[key] = joinLists(old, v)
				continue
			}
		}
		into[key] = v
	}
}

func joinLists(old, more []any) []any {
	for _, v := range more {
		v := v.(map[string]any)
		i := slices.IndexFunc(old, func(o any) bool { return o.(map[string]any)["id"] == v["id"] })
		if i < 0 {
			old = append(old, v)
			continue
		}
		join(old[i].(map[string]any), v)
	}
	return old
}

// start runs the service until the test ends.
func (k *kitchen) start(settings string, inside *strings.Replacer) {
	k.t.Helper()
	settings = inside.Replace(strings.ReplaceAll(settings, "$DIR", k.dir))
	cfg, err := config.Parse(filepath.Join(k.dir, "postel.toml"), []byte(settings), drivers)
	if err != nil {
		k.t.Fatalf("%v\n%s", err, settings)
	}
	k.service, err = startTuned(cfg, slog.New(slog.DiscardHandler), func(c *smsengine.Config) {
		c.Now, c.Sweep = k.now, 100*time.Millisecond
	})
	if err != nil {
		k.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.service.run(ctx, func() {}) }()
	k.t.Cleanup(func() {
		k.client.Close()
		stop()
		if err := <-ended; err != nil {
			k.t.Error(err)
		}
	})
	k.client = control.NewClient(cfg.Control.Listen.Address)
	for _, d := range k.service.now.Load().doors {
		if d.name == "smtp" {
			k.server = d.listener.Addr().String()
		}
	}
}

func (k *kitchen) now() time.Time { return time.Now().Add(time.Duration(k.ahead.Load())) }

// setClock moves the clock on: to "sat 03:00", or "2026-12-07 03:00".
func (k *kitchen) setClock(at string) {
	k.t.Helper()
	now := k.now().UTC()
	then, err := time.Parse("2006-01-02 15:04", at)
	if err != nil {
		clock, err := time.Parse("Mon 15:04", strings.ToUpper(at[:1])+at[1:])
		if err != nil {
			k.t.Fatal(err)
		}
		then = now.Truncate(24 * time.Hour).Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
		for then.Before(now) || !strings.EqualFold(then.Weekday().String()[:3], at[:3]) {
			then = then.AddDate(0, 0, 1)
		}
	}
	if then.Before(now) {
		k.t.Fatalf("%s is over", at)
	}
	k.ahead.Add(int64(then.Sub(now)))
	for _, m := range k.messages() { // who sleeps until one is due does not see the clock jump
		if m.State == smsengine.Ready && !m.Next.After(k.now()) {
			_, _ = k.client.Request(k.t.Context(), m.ID, smsengine.HoldReq)
			_, _ = k.client.Request(k.t.Context(), m.ID, smsengine.ResumeReq)
		}
	}
}

// mail writes a mail to a phone, with the columns of the table that are fields of
// its header. A refusal is in the words that a mail program shows.
func (k *kitchen) mail(from, to, text string, fields happening) error {
	var b strings.Builder
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s@sms.example.org>\r\nMessage-ID: <%d@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n", from, to, time.Now().UnixNano())
	for name, value := range fields {
		if !slices.Contains(columns, name) && value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	err := smtp.SendMail(k.server, nil, from, []string{to + "@sms.example.org"}, []byte(b.String()+"\r\n"+text+"\r\n"))
	if reply, ok := err.(*textproto.Error); ok {
		return fmt.Errorf("%s", enhanced.ReplaceAllString(reply.Msg, ""))
	}
	return err
}

// enhanced is a code of RFC 3463, which stands in front of each line of a reply,
// and the address behind it.
var enhanced = regexp.MustCompile(`(?m)^[245]\.\d+\.\d+ `)

// openDatabase makes the database crm of a recipe.
func (k *kitchen) openDatabase(schema string) {
	k.t.Helper()
	if schema == "" {
		return
	}
	var err error
	if k.crm, err = sql.Open("sqlite", filepath.Join(k.dir, "crm.db")); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = k.crm.Close() })
	if _, err := k.crm.ExecContext(k.t.Context(), schema); err != nil {
		k.t.Fatal(err)
	}
}
