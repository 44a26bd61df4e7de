package setup

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// traps are ways in which an administrator breaks a good configuration, and what
// the check then says. "FILE: text" writes a file of the configuration
// directory, everything else is an argument list of postconf.
var traps = map[string]struct {
	breaks []string
	says   string
}{
	"phone domain not relayed":    {[]string{"-e|relay_domains="}, "the phone domain sms.example.org is not in relay_domains"},
	"phone domain twice":          {[]string{"-e|mydestination=example.org, sms.example.org"}, "sms.example.org is listed twice, in mydestination and in relay_domains"},
	"phone domain virtual":        {[]string{"-e|relay_domains=", "-e|virtual_mailbox_domains=sms.example.org"}, "the phone domain sms.example.org is in virtual_mailbox_domains"},
	"foreign domain":              {[]string{"-e|mydestination=localhost"}, "example.org is no domain of this Postfix"},
	"domain twice":                {[]string{"-e|virtual_mailbox_domains=example.org"}, "example.org is listed twice"},
	"no route":                    {[]string{"-X|transport_maps"}, "transport_maps has no route for +15551234567@sms.example.org"},
	"route behind another":        {[]string{"t: example.org smtp:[192.0.2.1]\n.example.org smtp:[192.0.2.1]\nsms.example.org smtp:[192.0.2.1]\n+15551234567@sms.example.org smtp:[192.0.2.1]\n", "-e|transport_maps=texthash:/etc/postfix/t, regexp:$config_directory/sms_transport.regexp"}, "transport_maps sends +15551234567@sms.example.org to smtp:[192.0.2.1]"},
	"unanchored route":            {[]string{"sms_transport.regexp: /@sms\\.example\\.org$/ sms:unix:postel/lmtp\n/^\"?sms[:=]/ sms:unix:postel/lmtp\n"}, "takes mail for sms:+15551234567@elsewhere.example away"},
	"unescaped dot":               {[]string{"sms_transport.regexp: /@sms.example.org$/ sms:unix:postel/lmtp\n/^\"?sms[:=].*@example\\.org$/ sms:unix:postel/lmtp\n"}, "sms:+15551234567@sms.examplexorg away"},
	"route without quotes":        {[]string{"sms_transport.regexp: /@sms\\.example\\.org$/ sms:unix:postel/lmtp\n/^sms:.*@example\\.org$/ sms:unix:postel/lmtp\n"}, "transport_maps has no route for SMS=+15551234567@example.org"},
	"no transport":                {[]string{"-MX|sms/unix"}, `master.cf has no transport "sms"`},
	"another transport":           {[]string{"-M|sms/unix=sms unix - - n - - smtp"}, "the transport sms of master.cf runs smtp"},
	"transport with TLS":          {[]string{"-e|lmtp_tls_security_level=encrypt"}, "lmtp_tls_security_level is encrypt"},
	"no dsn":                      {[]string{"-e|lmtp_discard_lhlo_keywords=silent-discard, dsn"}, "lmtp_discard_lhlo_keywords has dsn"},
	"unknown recipient":           {[]string{"-X|local_recipient_maps"}, "local_recipient_maps does not know sms:+15551234567@example.org"},
	"unknown in the phone domain": {[]string{"r: john@example.org OK\n", "-e|relay_recipient_maps=texthash:/etc/postfix/r"}, "relay_recipient_maps does not know +15551234567@sms.example.org"},
	"catch-all":                   {[]string{"v: @example.org john@example.org\n", "-e|virtual_alias_maps=texthash:/etc/postfix/v"}, "virtual_alias_maps sends every address of example.org to john@example.org"},
	"rewritten sender":            {[]string{"c: smith@example.org Sam.Smith@example.org\n", "-e|sender_canonical_maps=texthash:/etc/postfix/c"}, "rewrites the sender smith@example.org to Sam.Smith@example.org"},
	"rewritten at the end":        {[]string{"c: /^(.*)@example\\.org$/ $1@example.com\n", "-e|lmtp_generic_maps=regexp:/etc/postfix/c"}, "lmtp_generic_maps"},
	"rewritten phone":             {[]string{"c: /^(.*)@sms\\.example\\.org$/ x@example.com\n", "-e|recipient_canonical_maps=regexp:/etc/postfix/c"}, "recipient_canonical_maps rewrites +15551234567@sms.example.org"},
	"no milter":                   {[]string{"-X|smtpd_milters"}, "smtpd/pass does not ask Postel's milter"},
	"milter overridden":           {[]string{"-P|submission/inet/smtpd_milters=inet:localhost:8891"}, "submission/inet does not ask Postel's milter; its entry in master.cf sets smtpd_milters=inet:localhost:8891"},
	"another socket":              {[]string{"-e|smtpd_milters={ unix:postel/mlter, default_action=accept }"}, "asks the milter unix:postel/mlter"},
	"out of the chroot":           {[]string{"-e|smtpd_milters={ unix:/var/spool/postfix/postel/milter, default_action=accept }"}, "is in a chroot and looks for Postel's milter at /var/spool/postfix/var/spool/postfix/postel/milter"},
	"milter that stops mail":      {[]string{"-e|smtpd_milters=unix:postel/milter", "-e|milter_default_action=tempfail"}, "refuses all mail: milter_default_action is tempfail"},
	"no milters at all":           {[]string{"-P|submission/inet/receive_override_options=no_milters"}, "submission/inet asks no milters"},
	"signed too early":            {[]string{"-e|smtpd_milters=inet:localhost:8891, { unix:postel/milter, default_action=accept }"}, "asks inet:localhost:8891 before Postel's milter"},
	"before-queue filter":         {[]string{"-P|smtpd/pass/smtpd_proxy_filter=127.0.0.1:10024"}, "has smtpd_proxy_filter 127.0.0.1:10024"},
	"no guard":                    {[]string{"-e|smtpd_recipient_restrictions=permit_mynetworks, reject_unauth_destination"}, "the guard does not stand before phones in smtpd/pass: smtpd_recipient_restrictions comes to permit_mynetworks first"},
	"guard behind a permit":       {[]string{"-e|smtpd_recipient_restrictions=permit_mynetworks, check_recipient_access regexp:$config_directory/sms_guard.regexp"}, "comes to permit_mynetworks first"},
	"guard overridden":            {[]string{"-P|submission/inet/smtpd_recipient_restrictions=permit_sasl_authenticated,reject"}, "the guard does not stand before phones in submission/inet"},
	"guard without class":         {[]string{"-X|smtpd_restriction_classes"}, "comes to sms_guard, which smtpd_restriction_classes does not list"},
	"guard of another socket":     {[]string{"-e|sms_guard=check_policy_service { unix:postel/plicy, { default_action = 451 4.3.0 later } }"}, "does not ask it"},
	"guard too early":             {[]string{"-e|smtpd_delay_reject=no", "-e|smtpd_recipient_restrictions=reject_unauth_destination", "-e|smtpd_sender_restrictions=check_recipient_access regexp:$config_directory/sms_guard.regexp"}, "is over before there is a recipient"},
	"guard that lets pass":        {[]string{"-e|sms_guard=check_policy_service { unix:postel/policy, { default_action = DUNNO } }"}, "its default_action is DUNNO"},
	"guard at re-injection":       {[]string{"-M|127.0.0.1:10025/inet=127.0.0.1:10025 inet n - y - - smtpd -o content_filter= -o receive_override_options=no_milters"}, "the guard stands there too"},
	"milter at re-injection":      {[]string{"-M|127.0.0.1:10025/inet=127.0.0.1:10025 inet n - y - - smtpd -o content_filter= -o smtpd_recipient_restrictions=permit_mynetworks,reject"}, "asks Postel's milter again"},
	"nobody signs in":             {[]string{"-P|submission/inet/smtpd_sasl_auth_enable=no", "-P|submissions/inet/smtpd_sasl_auth_enable=no"}, "no service lets users sign in"},
	"passwords in the clear":      {[]string{"-P|submission/inet/smtpd_tls_security_level=may"}, "submission/inet takes passwords without TLS"},
	"ticket taken out":            {[]string{"h: /^X-/ IGNORE\n", "-e|lmtp_header_checks=regexp:/etc/postfix/h"}, "lmtp_header_checks takes the ticket out"},
	"percent forms":               {[]string{"-e|resolve_dequoted_address=no"}, "strangers relay through the two of you"},
	"waits too long":              {[]string{"-e|maximal_queue_lifetime=10d"}, "mail may wait for 10d in the queue"},
	"waits weeks":                 {[]string{"-e|maximal_queue_lifetime=2w"}, "mail may wait for 2w in the queue"},
	"set twice":                   {[]string{"main.cf+: relay_domains = sms.example.org, example.net\n"}, "overriding earlier entry"},
}

func TestTraps(t *testing.T) {
	e := newExample(t, "submission.txtar")
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	e.listen()
	site := Site{Wanted: e.wanted, Users: []string{"example.org"}, TicketLife: 7 * 24 * time.Hour}
	for _, f := range e.read().Traps(context.Background(), site) {
		if f.Level != Fine {
			t.Errorf("a good configuration: %+v", f)
		}
	}
	good := map[string]string{}
	for _, name := range []string{"main.cf", "master.cf", transportTable} {
		b, err := os.ReadFile(e.host.Path(filepath.Join(confDir, name)))
		if err != nil {
			t.Fatal(err)
		}
		good[name] = string(b)
	}
	for name, trap := range traps {
		t.Run(name, func(t *testing.T) {
			for name, text := range good {
				e.write(name, text)
			}
			for _, b := range trap.breaks {
				e.breakIt(b, good)
			}
			found := e.read().Traps(context.Background(), site)
			for _, f := range found {
				if f.Level == Fine {
					continue
				}
				if f.Remedy == "" {
					t.Errorf("no remedy for %s", f.What)
				}
				if trap.says != "" && strings.Contains(f.What+"; "+f.Remedy, trap.says) {
					return
				}
			}
			if trap.says != "" {
				t.Errorf("it is not said that %s:\n%+v", trap.says, found)
			}
		})
	}
}

// breakIt does one of the things in traps.
func (e *example) breakIt(how string, good map[string]string) {
	e.Helper()
	if name, text, ok := strings.Cut(how, ": "); ok && !strings.HasPrefix(how, "-") {
		if base, more := strings.CutSuffix(name, "+"); more {
			name, text = base, good[base]+text
		}
		e.write(name, text)
		return
	}
	e.read() // makes the files look old
	if _, _, err := e.host.Run(context.Background(), "postconf", append([]string{"-c", confDir}, strings.Split(how, "|")...)...); err != nil {
		e.Fatal(err)
	}
}

// listen opens Postel's sockets, as Postel would.
func (e *example) listen() {
	e.Helper()
	for _, name := range []string{"milter", "policy", "lmtp"} {
		path := e.host.Path("/var/spool/postfix/postel/" + name)
		l, err := net.Listen("unix", path)
		if err == nil {
			err = errors.Join(os.Chmod(path, 0o660))
		}
		if err != nil {
			e.Fatal(err)
		}
		e.Cleanup(func() { l.Close() })
	}
}

// The directory and the sockets must be open to Postfix and to nobody else.
func TestSocketTraps(t *testing.T) {
	e := newExample(t, "debian.txtar")
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	e.listen()
	dir := e.host.Path("/var/spool/postfix/postel")
	p := e.read()
	for _, trap := range []struct {
		says   string
		breaks func() error
	}{
		{"everybody may write to", func() error { return os.Chmod(dir, 0o777) }},
		{"Postfix may not pass through", func() error { return os.Chmod(dir, 0o700) }},
		{"do not get the group of Postfix", func() error { return os.Chmod(dir, 0o711) }},
		{"Postfix may not connect to", func() error { return os.Chmod(filepath.Join(dir, "policy"), 0o600) }},
		{"there is no directory", func() error { return os.Rename(dir, dir+"-gone") }},
	} {
		if err := errors.Join(os.Chmod(dir, 0o710|os.ModeSetgid), trap.breaks()); err != nil {
			t.Fatal(err)
		}
		found := p.Traps(context.Background(), Site{Wanted: e.wanted})
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Level != Fine && strings.Contains(f.What, trap.says) }) {
			t.Errorf("it is not said that %s: %+v", trap.says, found)
		}
	}
}

// Postel may have less than three sockets; nothing is looked for then that
// cannot be there.
func TestTrapsOfFewerSockets(t *testing.T) {
	e := newExample(t, "debian.txtar")
	e.wanted.Take, e.wanted.LMTP = true, ""
	if err := e.apply(); err != nil {
		t.Fatal(err)
	}
	p := e.read()
	if _, ok := p.Service("sms/unix"); ok || p.Set["transport_maps"] != "" {
		t.Error("there is a transport, and nowhere to go")
	}
	for _, w := range []Wanted{e.wanted, {PhoneDomains: e.wanted.PhoneDomains}} {
		for _, f := range p.Traps(context.Background(), Site{Wanted: w}) {
			if f.Level == Wrong && !strings.Contains(f.What, "no service lets users sign in") {
				t.Errorf("%+v", f)
			}
		}
	}
}
