package setup

import (
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// Plan says what is to change in a configuration of Sendmail. Only phone domains
// can be had: Sendmail's tables route domains, and addresses in a mail domain of
// its own are rewritten before they could be routed.
func (s *Sendmail) Plan(ctx context.Context, w Wanted) (*Plan, error) {
	if len(w.Domains) > 0 {
		return nil, Refusal{"Sendmail cannot route sms: addresses in the mail domain " + w.Domains[0], "use a phone domain (--phone-domain)"}
	}
	if s.MC == "" {
		return nil, Refusal{"there is no " + s.path("sendmail.mc"), "add contrib/sendmail to what your sendmail.cf is made of"}
	}
	if err := s.madeByM4(ctx); err != nil {
		return nil, err
	}
	p := &Plan{MTA: "sendmail", Dir: s.Dir}
	for _, step := range []func(context.Context, *Plan, *Wanted) error{s.planMailer, s.planDomains, s.planMC} {
		if err := step(ctx, p, &w); err != nil {
			return nil, err
		}
	}
	if len(p.Texts) > 0 {
		s.finish(p, w)
	}
	return p, nil
}

// madeByM4 refuses a sendmail.cf that somebody has edited by hand: what m4
// makes would take the place of that.
func (s *Sendmail) madeByM4(ctx context.Context) error {
	out, _, err := s.host.Run(ctx, "m4", s.m4()...)
	if err != nil {
		return err
	}
	if statements(out) != statements(s.CF) {
		return Refusal{s.path("sendmail.cf") + " is not what m4 makes of sendmail.mc", "bring sendmail.mc up to date (changes made in sendmail.cf would be lost), run make in " + s.Dir + ", and look whether Sendmail still does what you want"}
	}
	return nil
}

func (s *Sendmail) m4() []string { return []string{"-D_NO_MAKEINFO_", s.path("sendmail.mc")} }

// statements are what counts in a sendmail.cf: comments have the time it was
// made at.
func statements(cf string) string {
	var out strings.Builder
	for line := range strings.Lines(cf) {
		if line = strings.TrimRight(line, " \t\n"); line != "" && line[0] != '#' {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

// planMailer writes postel.m4: the milter and the mailer.
func (s *Sendmail) planMailer(_ context.Context, p *Plan, w *Wanted) error {
	text, err := w.sendmailFile("postel.m4")
	if err != nil {
		return err
	}
	text = strings.ReplaceAll(text, "/etc/mail/", s.Dir+"/")
	now, err := s.host.read(s.path("postel.m4"))
	if err == nil && string(now.content) != text {
		p.Texts = append(p.Texts, Text{s.path("postel.m4"), text})
	}
	return err
}

// planDomains sends the phone domains to the mailer, and lets them in.
func (s *Sendmail) planDomains(ctx context.Context, p *Plan, w *Wanted) error {
	for _, d := range w.PhoneDomains {
		if local, err := s.isLocal(ctx, d); err != nil {
			return err
		} else if local {
			return Refusal{"Sendmail takes " + d + " for its own (class w)", "take it out of local-host-names, or choose another name with --phone-domain"}
		}
	}
	for _, name := range []string{"mailertable", "access"} {
		_, file, has := s.table(name)
		if !has && name == "access" {
			p.note("there is no access_db, so strangers who write to phones get \"Relaying denied\"; your users can")
			continue
		}
		if err := s.planTable(p, w, name, file); err != nil {
			return err
		}
	}
	return nil
}

// planTable adds the lines of contrib/sendmail to a table.
func (s *Sendmail) planTable(p *Plan, w *Wanted, name, file string) error {
	text, err := w.sendmailFile(name)
	if err != nil {
		return err
	}
	var add []string
	for _, d := range w.PhoneDomains {
		for line := range strings.Lines(strings.ReplaceAll(text, "sms.example.org", d)) {
			line = strings.TrimRight(line, "\n")
			want := strings.Fields(line)
			if len(want) < 2 || strings.HasPrefix(want[0], "#") {
				continue
			}
			now, err := s.entry(file, want[0])
			switch {
			case err != nil:
				return err
			case now == "":
				add = append(add, line)
			case now != strings.Join(want[1:], " "):
				return Refusal{fmt.Sprintf("%s has %s %s already", file, want[0], now), "take that line out, or choose another name with --phone-domain"}
			}
		}
	}
	return s.appendLines(p, file, add)
}

// appendLines adds whole lines to the end of a file.
func (s *Sendmail) appendLines(p *Plan, file string, add []string) error {
	if len(add) == 0 {
		return nil
	}
	now, err := s.host.read(file)
	if err != nil {
		return err
	}
	text := string(now.content)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, line := range add {
		text += line + "\n"
		p.Lines = append(p.Lines, Line{file, line})
	}
	p.Texts = append(p.Texts, Text{file, text})
	return nil
}

// firstMailer is where features have to stand before.
var firstMailer = regexp.MustCompile(`(?m)^(MAILER_DEFINITIONS\b|MAILER\()`)

// planMC names postel.m4 in sendmail.mc, and switches the mailer table on.
func (s *Sendmail) planMC(_ context.Context, p *Plan, _ *Wanted) error {
	const feature = "FEATURE(`mailertable')dnl"
	include := "include(`" + s.path("postel.m4") + "')dnl"
	text := s.MC
	if _, _, has := s.table("mailertable"); !has && !strings.Contains(text, "\nFEATURE(`mailertable'") {
		at := firstMailer.FindStringIndex(text)
		if at == nil {
			return Refusal{s.path("sendmail.mc") + " has no MAILER line, so it cannot be seen where a FEATURE belongs", "add  " + feature}
		}
		text = text[:at[0]] + feature + "\n" + text[at[0]:]
		p.Lines = append(p.Lines, Line{s.path("sendmail.mc"), feature})
	}
	if !strings.Contains(text, "\n"+include) {
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += include + "\n"
		p.Lines = append(p.Lines, Line{s.path("sendmail.mc"), include})
	}
	if text != s.MC {
		p.Texts = append(p.Texts, Text{s.path("sendmail.mc"), text})
	}
	return nil
}

// finish says how Sendmail gets to know it.
func (s *Sendmail) finish(p *Plan, w Wanted) {
	p.Build, p.Derived = s.Build()
	cf := s.path("sendmail.cf")
	if len(w.PhoneDomains) > 0 {
		p.Check = Command{Args: []string{"sendmail", "-C", cf, "-bv", number + "@" + w.PhoneDomains[0]}}
	}
	p.Reload = s.Reload()
	p.note("the directory of the sockets, %s, must be there before Postel starts: RuntimeDirectory=postel in its unit makes it", path.Dir(strings.TrimPrefix(w.Milter, "unix:")))
}

// Reload has the running Sendmail begin anew with its configuration.
func (s *Sendmail) Reload() Command {
	return Command{Hangup: or(s.option("PidFile"), "/var/run/sendmail.pid")}
}

// Build are the commands that make sendmail.cf and the databases of the tables,
// and the files that they make.
func (s *Sendmail) Build() (all []Command, derived []string) {
	cf := s.path("sendmail.cf")
	derived = []string{cf}
	m4 := Command{Args: append([]string{"m4"}, s.m4()...), Out: cf}
	all = []Command{m4}
	for _, name := range []string{"mailertable", "access"} {
		kind, file, has := s.table(name)
		if kind == "text" || !has && name == "access" {
			continue
		}
		derived = append(derived, file+".db")
		all = append(all, Command{Args: []string{"makemap", kind, file}, In: file})
	}
	if _, err := os.Stat(s.host.Path(s.path("Makefile"))); err == nil {
		all = []Command{{Args: []string{"make", "-C", s.Dir}}}
	}
	return all, derived
}
