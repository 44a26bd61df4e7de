package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/setup"
)

// postelToml says what postel.toml must have so that both sides agree. A file
// that is there is the administrator's; if there is none, it is written from
// the sample.
func (i *installer) postelToml(w setup.Wanted) error {
	if i.cfg != nil {
		missing := i.missing(w)
		if len(missing) == 0 {
			i.printf("%s agrees with it\n", i.setupOptions.config)
			return nil
		}
		i.printf("In %s this is missing:\n", i.setupOptions.config)
		for _, m := range missing {
			i.printf("  %s\n", m)
		}
		return nil
	}
	text := i.sample(w)
	i.printf("There is no %s yet. The sample with these values will do to begin with:\n", i.setupOptions.config)
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && strings.Contains(line, "=") {
			i.printf("  %s", line)
		}
	}
	if !i.confirm("Write it?") {
		return nil
	}
	file := i.setupOptions.config
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	// It may get passwords of gateways: Postel reads it, and nobody else.
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		return err
	}
	if _, gid, err := i.host.User(i.user); err == nil {
		if err := os.Chown(file, os.Geteuid(), gid); err != nil {
			return err
		}
	}
	i.printf("%s is written; its gateway is a simulated one. Next: postel check\n", i.setupOptions.config)
	return nil
}

// missing is what postel.toml lacks.
func (i *installer) missing(w setup.Wanted) (all []string) {
	lacks := func(have, want []string) bool {
		return slices.ContainsFunc(want, func(d string) bool { return !slices.Contains(have, d) })
	}
	if lacks(i.cfg.Address.PhoneDomains, w.PhoneDomains) {
		all = append(all, fmt.Sprintf("address.phone_domains: %s", quoted(w.PhoneDomains)))
	}
	if lacks(i.cfg.Address.Domains, w.Domains) {
		all = append(all, fmt.Sprintf("address.domains: %s", quoted(w.Domains)))
	}
	return all
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// sample is config.Sample for this mail server.
func (i *installer) sample(w setup.Wanted) string {
	mailDomain := strings.TrimPrefix(first(w.PhoneDomains), "sms.")
	if len(w.Domains) > 0 {
		mailDomain = w.Domains[0]
	}
	text := config.Sample
	set := func(table, key, value string) {
		at := strings.Index(text, "\n["+table+"]\n")
		line := regexp.MustCompile(`(?m)^#?` + key + ` = .*$`)
		if at >= 0 {
			if span := line.FindStringIndex(text[at:]); span != nil {
				text = text[:at+span[0]] + key + " = " + value + text[at+span[1]:]
			}
		}
	}
	set("address", "phone_domains", quoted(w.PhoneDomains))
	set("address", "domains", quoted(w.Domains))
	set("access", "domains", quoted([]string{mailDomain}))
	for n, socket := range i.doors() {
		set(doorNames[n], "listen", strconv.Quote("unix:"+socket.Address))
		if i.connects != "postfix" {
			set(doorNames[n], "peers", quoted([]string{i.connects}))
		}
	}
	return strings.ReplaceAll(text, "@example.org", "@"+mailDomain)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
