package icewarp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func site(accounts ...smsengine.Account) Site {
	return Site{
		Site: &account.Site{
			Domains: []string{"example.org", "example.net", "example.com"}, Location: time.UTC,
			Levels: map[string]smsengine.Policy{"mary@example.net": {}},
		},
		Gateways: []string{"Office"}, Directory: smsengine.NewDirectory(accounts, nil, nil, nil), Now: now,
		Used: func(c smsengine.Counter) (smsengine.Usage, error) {
			if c.Account == "busy@example.org" {
				return smsengine.Usage{Used: 1}, nil
			}
			return smsengine.Usage{}, nil
		},
	}
}

// files makes a directory: "path", "contents", "path", …
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func plan(t *testing.T, fsys fstest.MapFS, s Site) ([]Entry, []Problem) {
	t.Helper()
	found, err := Read(fsys, func(id string) bool { return strings.EqualFold(id, "office") })
	if err != nil {
		t.Fatal(err)
	}
	entries, problems, err := found.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	return entries, problems
}

// describe writes entries as lines that a test can compare.
func describe(entries []Entry) (all []string) {
	for _, e := range entries {
		s := e.Name
		if e.Account != nil {
			policy, _ := json.Marshal(e.Account.Policy)
			s += " " + string(policy)
			if e.Account.Disabled {
				s += " disabled"
			}
		}
		if !e.Password.Empty() {
			s += " password"
		}
		for _, c := range e.Counters {
			s += fmt.Sprintf(" %d in %s of %s", c.Used, c.Period, c.Account)
			if !c.Last.IsZero() {
				s += " last " + c.Last.Format(time.DateOnly)
			}
		}
		if e.Left != "" {
			s += " LEFT"
		}
		all = append(all, s)
	}
	return all
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// The nearest file holds whole in IceWarp: each level says all that the format
// can say, and the site's stands in for domains without a file.
func TestLevelsAreMadeExplicit(t *testing.T) {
	entries, problems := plan(t, files(
		"Config/SMS.dat", "::office:Site:100:9:1:9:0:0\r\n",
		"Config/Example.NET/sms.dat", "::::5:0:0:0:46387:1\n",
		"config-old/sms.dat", "::::1\n",
		"Mail/example.org/John/SMS.DAT", "::::0:0:0:0:0:0\n",
		"Mail/example.org/jane/sms.dat", "::::7:0:0:0:0:1\n",
		"Mail/example.org/empty/sms.dat", "\n",
		"Config/smsstat.dat", "john@example.org::::0:12:1795168800:40:0:0\nmary@example.com::::0:3:0:0\nbusy@example.org::::0:3\nidle@example.org:\n",
	), site())
	same(t, "entries", describe(entries), []string{
		`@example.org {"monthly_limit":100,"limit_unit":"messages","gateway":"Office","expires":""}`,
		`@example.com {"monthly_limit":100,"limit_unit":"messages","gateway":"Office","expires":""}`,
		`@example.net {"send":false,"monthly_limit":5,"limit_unit":"messages","gateway":"","expires":"2026-12-31"}`,
		`jane@example.org {"send":false,"monthly_limit":7,"limit_unit":"messages","gateway":"","expires":""} disabled`,
		`john@example.org {"monthly_limit":0,"limit_unit":"messages","gateway":"","expires":""} 12 in 2026-11 of john@example.org last 2026-11-20 40 in 2026-10 of john@example.org`,
		`mary@example.com 3 in 2026-11 of mary@example.com`,
		`busy@example.org 3 in 2026-11 of busy@example.org LEFT`,
		`idle@example.org LEFT`,
	})
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestAccounts(t *testing.T) {
	entries, problems := plan(t, files(
		"config/smsgateway.dat", "<S><I><ID>HTTP</ID><PASSWORD>pinnumber</PASSWORD></I></S>",
		"config/smsusers.dat", "\xef\xbb\xbf"+strings.Join([]string{
			"Alerts:alertpwd:OFFICE:Ops: night shift:100:7:1795168800:30:46387:0",
			"group:::Everybody:50",
			"old:x:HTTP::5:3:1793000000:2:40000:0", // last sent in October: its month and the one before
			"reset:x:::5:0:1793000000:2:0:0",       // counted anew in November already
			"off:x:::0:0:0:0:0:1",
			"hashed:{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=:::0",
			"here:x:::0",
			"ALERTS:x:::0",
			"two words:x:::0",
			":x:::0",
			"mary@example.net:x:::0",
			"john@example.edu:x:::0",
			"lost:pa:ss",
			"broken:hunter2:office:d:many",
		}, "\r\n"),
	), site(smsengine.Account{Name: "here"}))
	same(t, "entries", describe(entries), []string{
		`alerts {"send":true,"monthly_limit":100,"limit_unit":"messages","gateway":"Office","expires":"2026-12-31"} password 7 in 2026-11 of alerts last 2026-11-20 30 in 2026-10 of alerts`,
		`group {"send":true,"monthly_limit":50,"limit_unit":"messages","gateway":"","expires":""}`,
		`old {"send":true,"monthly_limit":5,"limit_unit":"messages","gateway":"","expires":"2009-07-06"} password 3 in 2026-10 of old last 2026-10-26 2 in 2026-09 of old`,
		`reset {"send":true,"monthly_limit":5,"limit_unit":"messages","gateway":"","expires":""} password 0 in 2026-11 of reset last 2026-10-26 2 in 2026-10 of reset`,
		`off {"send":true,"monthly_limit":0,"limit_unit":"messages","gateway":"","expires":""} disabled password`,
		`hashed {"send":true,"monthly_limit":0,"limit_unit":"messages","gateway":"","expires":""}`,
		`here {"send":true,"monthly_limit":0,"limit_unit":"messages","gateway":"","expires":""} password LEFT`,
		`lost {"send":true,"monthly_limit":0,"limit_unit":"messages","gateway":"","expires":""} password`,
	})
	if entries[0].Account.Description != "Ops: night shift" {
		t.Errorf("the description is %q", entries[0].Account.Description)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		"config/smsusers.dat:8: alerts is defined in config/smsusers.dat:1 already; keep one of the two",
		`config/smsusers.dat:9: name: "two words" is no name for an account`,
		"config/smsusers.dat:10: the account has no name",
		"config/smsusers.dat:11: name: mary@example.net is defined in postel.toml",
		"config/smsusers.dat:12: name: the domain example.edu is not served; list it in access.domains",
		"config/smsusers.dat:14: maxsend is not a number",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no problem says %q:\n%s", want, all)
		}
	}
	if len(problems) != 6 {
		t.Errorf("%d problems:\n%s", len(problems), all)
	}
	notes := fmt.Sprint(entries, problems)
	for _, secret := range []string{"alertpwd", "hunter2", "SSHA", "pinnumber", " ss "} {
		if strings.Contains(notes, secret) {
			t.Errorf("%q is in what is shown", secret)
		}
	}
	if !strings.Contains(strings.Join(entries[2].Notes, " "), "its gateway HTTP is not in postel.toml") {
		t.Errorf("old: %q", entries[2].Notes)
	}
	if !strings.Contains(strings.Join(entries[7].Notes, " "), "its gateway is not in postel.toml") { // it may be of the password
		t.Errorf("lost: %q", entries[7].Notes)
	}
}

func TestDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want string
	}{
		"empty":     {files("readme.txt", "x"), "there is no directory config"},
		"no SMS":    {files("config/smtp.dat", "x"), "there is no sms.dat"},
		"only mail": {files("mail/example.org/john/sms.dat", ":"), "there is no directory config"},
	} {
		if _, err := Read(c.fsys, office); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	found, err := Read(files("config/sms.dat", ":::A:1\n:::B:2\n", "mail/example.org/john/sms.dat", ":", "mail/Example.org/John/sms.dat", ":", "config/SMSUSERS.DAT", "a:b\n", "config/smsusers.dat", "c:d\n",
		"config/smsgateway.dat", "<A><ID>x</ID><"), office)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(found.Problems)
	for _, want := range []string{"is there as well; it is not read", "has the same name in another case", "the settings of a level are one line", "not whole XML"} {
		if !strings.Contains(got, want) {
			t.Errorf("no problem says %q: %s", want, got)
		}
	}
}

func TestGateways(t *testing.T) {
	got, err := parseGateways([]byte(`<?xml version="1.0" encoding="windows-1252"?>
		<SMSGATEWAY><ITEM><ID>office</ID><TYPE>0</TYPE><DESCRIPTION>B` + "\xfc" + `ro</DESCRIPTION><PIN>1234</PIN><CLIENTCERT/></ITEM>
		<ITEM><ACTIVE>1</ACTIVE><ID> http </ID><CLIENTCERT>C:\certificates\cert.pem</CLIENTCERT></ITEM><ITEM id="attr"/><ITEM></ITEM></SMSGATEWAY>`))
	want := []Gateway{{ID: "office", Type: "0", Description: "Büro"}, {ID: "http", Certificate: true}, {ID: "attr"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEncodings(t *testing.T) {
	for _, data := range []string{"jörg:x", "\xef\xbb\xbfjörg:x", "j\xf6rg:x", "\xff\xfej\x00\xf6\x00r\x00g\x00:\x00x\x00", "\xfe\xff\x00j\x00\xf6\x00r\x00g\x00:\x00x"} {
		records, problems := parseFile("f", []byte(data), office)
		if len(records) != 1 || records[0].User != "jörg" || len(problems) > 0 {
			t.Errorf("%q: %+v, %v", data, records, problems)
		}
	}
}

// Files with content filters are found by what they have, in the directory and in
// config, and belong to the tab that their name says.
func TestFiltersAreFound(t *testing.T) {
	const filter = "<Filters><Item><Conditions/><Actions/></Item></Filters>"
	found, err := Read(fstest.MapFS{
		"config/a.dat": {Data: []byte("x")}, "SMS-Outgoing.XML": {Data: []byte(filter)}, "Config.xml": {Data: []byte("<x/>")}, "incoming.xml": {Data: []byte(filter)},
		"config/Filters.dat": {Data: []byte("\xef\xbb\xbf" + filter)}, "config/rules.dat": {Data: []byte("a:b")}, "config/filter.dat": {Data: []byte("<a>")}, "outgoing.txt": {Data: []byte(filter)},
	}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	want := []FilterFile{{"SMS-Outgoing.XML", 1, "outgoing"}, {"incoming.xml", 1, "incoming"}, {"config/Filters.dat", 1, ""}}
	if !reflect.DeepEqual(found.Filters, want) || len(found.Problems) > 0 {
		t.Errorf("%+v, %v", found.Filters, found.Problems)
	}
}
