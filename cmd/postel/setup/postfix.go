package setup

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Postfix is a configuration of Postfix, as postconf reads it.
type Postfix struct {
	// Dir is the configuration directory.
	Dir string
	// Set are the parameters that main.cf sets, as they are written there, with
	// continuation lines joined.
	Set map[string]string
	// Raw are all parameters, Full the same with every $name expanded.
	Raw, Full map[string]string
	// Services are the entries of master.cf.
	Services []Service
	// Warnings is what postconf complained of.
	Warnings []string

	host *Host
}

// Service is an entry of master.cf.
type Service struct {
	Name, Type, Command string
	Chroot              bool
	// Raw are the parameters that it sets for itself (-o), Full the same with
	// every $name expanded.
	Raw, Full map[string]string
	// Line is the whole entry in one line.
	Line string
}

// ID names the service as postconf does, "submission/inet".
func (s Service) ID() string { return s.Name + "/" + s.Type }

// ReadPostfix reads the configuration in a directory, "" for the one that
// Postfix itself uses.
func ReadPostfix(ctx context.Context, h *Host, dir string) (*Postfix, error) {
	p := &Postfix{Dir: dir, host: h}
	if dir == "" {
		out, _, err := h.Run(ctx, "postconf", "-dh", "config_directory")
		if err != nil {
			return nil, err
		}
		p.Dir = strings.TrimSpace(out)
	}
	if !path.IsAbs(p.Dir) {
		return nil, Refusal{"the configuration directory " + p.Dir + " is not an absolute path", "give one: Postfix ignores relative ones without a word"}
	}
	var services, own, ownFull string
	for _, q := range []struct {
		args []string
		to   any
	}{
		{[]string{"-n"}, &p.Set}, {nil, &p.Raw}, {[]string{"-x"}, &p.Full},
		{[]string{"-M"}, &services}, {[]string{"-P"}, &own}, {[]string{"-Px"}, &ownFull},
	} {
		out, warnings, err := h.Run(ctx, "postconf", append([]string{"-c", p.Dir}, q.args...)...)
		if err != nil {
			return nil, err
		}
		switch to := q.to.(type) {
		case *map[string]string:
			*to = parameters(out)
		case *string:
			*to = out
		}
		if q.args == nil {
			p.Warnings = strings.FieldsFunc(warnings, func(r rune) bool { return r == '\n' })
		}
	}
	var err error
	p.Services, err = serviceList(services, own, ownFull, chrootedByDefault(p.Full["compatibility_level"]))
	return p, err
}

// parameters reads what postconf prints: a parameter a line.
func parameters(out string) map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(out) {
		name, value, ok := strings.Cut(line, "=")
		if ok {
			all[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return all
}

// serviceList reads what postconf -M prints, and the parameters that postconf
// -P prints, "submission/inet/syslog_name = postfix/submission".
func serviceList(out, own, ownFull string, chroot bool) ([]Service, error) {
	raw, full := parameters(own), parameters(ownFull)
	var all []Service
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 8 {
			return nil, fmt.Errorf("postconf -M prints %q, which is no entry of master.cf", line)
		}
		s := Service{
			Name: f[0], Type: f[1], Command: f[7], Line: strings.TrimSpace(line),
			Chroot: f[4] == "y" || f[4] == "-" && chroot, Raw: map[string]string{}, Full: map[string]string{},
		}
		for key, value := range raw {
			if name, ok := strings.CutPrefix(key, s.ID()+"/"); ok {
				s.Raw[name], s.Full[name] = value, full[key]
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// chrootedByDefault tells what "-" in the column chroot means.
func chrootedByDefault(compatibility string) bool {
	major, _, _ := strings.Cut(compatibility, ".")
	level, err := strconv.Atoi(major)
	return err == nil && level < 1
}

// Of gives the value that a parameter has for a service, expanded.
func (p *Postfix) Of(s Service, name string) string {
	if v, ok := s.Full[name]; ok {
		return v
	}
	return p.Full[name]
}

// Service finds an entry of master.cf.
func (p *Postfix) Service(id string) (Service, bool) {
	for _, s := range p.Services {
		if s.ID() == id {
			return s, true
		}
	}
	return Service{}, false
}

// Queue is the queue directory, which is the root directory of services in a
// chroot and the place where relative sockets are.
func (p *Postfix) Queue() string { return p.Full["queue_directory"] }

// Lookup asks a table of Postfix; "" is no entry. Only an expanded name will do.
func (p *Postfix) Lookup(ctx context.Context, table, key string) (string, error) {
	// The proxy would give the same answer, but only while Postfix runs.
	table = strings.TrimPrefix(table, "proxy:")
	out, warnings, err := p.host.Run(ctx, "postmap", "-c", p.Dir, "-q", key, table)
	if err != nil && strings.TrimSpace(warnings) == "" {
		return "", nil // exit code 1 and not a word: not found
	}
	return strings.TrimSpace(out), err
}

// Lists reports whether a list of domains (postconf(5): mydestination and the
// like) has a domain itself, not a parent of it. Tables that cannot be asked
// are errors.
func (p *Postfix) Lists(ctx context.Context, list, domain string) (bool, error) {
	for _, e := range split(list) {
		negated := strings.HasPrefix(e, "!")
		e = strings.TrimLeft(e, "!")
		var found bool
		switch {
		case strings.HasPrefix(e, "/"):
			b, err := os.ReadFile(p.host.Path(e))
			if err != nil {
				return false, err
			}
			if found, err = p.Lists(ctx, withoutComments(string(b)), domain); err != nil {
				return false, err
			}
		case strings.Contains(e, ":") && !strings.HasPrefix(e, "["):
			value, err := p.Lookup(ctx, e, domain)
			if err != nil {
				return false, err
			}
			found = value != ""
		default:
			found = strings.EqualFold(e, domain)
		}
		if found {
			return !negated, nil
		}
	}
	return false, nil
}

// withoutComments is a file of patterns without its comments.
func withoutComments(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// editable refuses files that postconf would replace by something else.
func (p *Postfix) editable() error {
	for _, name := range []string{"main.cf", "master.cf"} {
		file := path.Join(p.Dir, name)
		info, err := os.Lstat(p.host.Path(file))
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeType != 0 {
			return Refusal{file + " is not an ordinary file, and postconf would put one in its place", "name the directory where it really is with -C"}
		}
	}
	return nil
}
