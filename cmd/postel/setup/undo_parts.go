package setup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// lines takes our lines out of a file that has others too.
func (u *Undoing) lines(path string) error {
	now, err := u.host.read(path)
	if err != nil {
		return err
	}
	text := string(now.content)
	for _, l := range u.record.Lines {
		if l.Path != path {
			continue
		}
		n := 0
		var rest strings.Builder
		for line := range strings.Lines(text) {
			if strings.TrimRight(line, "\n") == l.Text {
				n++
				continue
			}
			rest.WriteString(line)
		}
		if n != 1 {
			u.byHand("%s: the line  %s  stands there %d times, and setup has put it there once", path, l.Text, n)
		}
		text = rest.String()
	}
	u.texts = append(u.texts, Text{path, text})
	return nil
}

// settings takes back parameter by parameter: whole, if a parameter is as setup
// left it, else its entry in the list.
func (u *Undoing) settings(p *Postfix) {
	var main, gone, master, masterGone []string
	entries := map[string]string{} // whole entries of master.cf, by service
	for _, s := range u.record.Settings {
		if !slices.Contains(u.Changed, s.file(u.record.Dir)) {
			continue // it goes with its file
		}
		now, there := p.written(s)
		before, had := "", s.Before != nil
		if had {
			before = *s.Before
		}
		switch {
		case there == had && (!there || same(now, before)): // nothing to take back
			continue
		case there && same(now, s.After):
		case there && s.Entry != "" && index(split(now), split(s.Entry)) < 0: // somebody has taken it out
			continue
		case there && s.Entry != "":
			rest, ok := without(s.Entry, now)
			if !ok {
				u.byHand("%s: %s = %s no longer has our entry as it was: %s", s.file(p.Dir), s, now, s.Entry)
				continue
			}
			before, had = rest, had || rest != ""
		default:
			u.byHand("%s: %s was changed since; before setup it was %s", s.file(p.Dir), s, orNothing(s.Before))
			continue
		}
		switch {
		case s.Service == "" && had:
			main = append(main, s.Name+"="+before)
		case s.Service == "":
			gone = append(gone, s.Name)
		case s.Name == "":
			u.edit("master.cf", "-MX", s.Service)
		case had && strings.ContainsAny(before, " \t"):
			if !p.rewrite(entries, s, now, before) {
				u.byHand("%s: %s was %s before setup", s.file(p.Dir), s, before)
			}
		case had:
			master = append(master, s.String()+"="+before)
		default:
			masterGone = append(masterGone, s.String())
		}
	}
	for _, service := range slices.Sorted(maps.Keys(entries)) {
		u.edit("master.cf", "-M", service+"="+entries[service])
	}
	u.edit("main.cf", "-e", main...)
	u.edit("main.cf", "-X", gone...)
	u.edit("master.cf", "-P", master...)
	u.edit("master.cf", "-PX", masterGone...)
}

// rewrite puts a value with spaces into the entry of its service, which
// postconf takes as a whole only.
func (p *Postfix) rewrite(entries map[string]string, s Setting, now, before string) bool {
	line, ok := entries[s.Service]
	if !ok {
		service, _ := p.Service(s.Service)
		line = service.Line
	}
	old := "-o " + s.Name + "=" + now
	if strings.Count(line, old) != 1 {
		return false
	}
	entries[s.Service] = strings.Replace(line, old, "-o { "+s.Name+" = "+before+" }", 1)
	return true
}

// written is how a setting stands in the configuration now.
func (p *Postfix) written(s Setting) (string, bool) {
	if s.Service == "" {
		v, ok := p.Set[s.Name]
		return v, ok
	}
	service, ok := p.Service(s.Service)
	if s.Name == "" {
		return service.Line, ok
	}
	v, ok := service.Raw[s.Name]
	return v, ok
}

// file is where a setting stands.
func (s Setting) file(dir string) string {
	if s.Service == "" {
		return path.Join(dir, "main.cf")
	}
	return path.Join(dir, "master.cf")
}

// same compares values but for the spaces between their words.
func same(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

func orNothing(s *string) string {
	if s == nil {
		return "not there"
	}
	return *s
}
