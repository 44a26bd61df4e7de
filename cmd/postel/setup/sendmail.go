package setup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/postel-mail/postel/contrib/sendmail"
)

// Sendmail is a configuration of Sendmail: sendmail.mc, which people write, and
// sendmail.cf, which m4 makes of it.
type Sendmail struct {
	Dir    string
	MC, CF string // contents

	host *Host
}

const sendmailDir = "/etc/mail"

// HasSendmail reports whether a host has a configuration of Sendmail.
func HasSendmail(h *Host, dir string) bool {
	_, err := os.Stat(h.Path(path.Join(or(dir, sendmailDir), "sendmail.cf")))
	return err == nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ReadSendmail reads the configuration in a directory, "" for /etc/mail.
func ReadSendmail(h *Host, dir string) (*Sendmail, error) {
	s := &Sendmail{Dir: or(dir, sendmailDir), host: h}
	if !path.IsAbs(s.Dir) {
		return nil, Refusal{"the configuration directory " + s.Dir + " is not an absolute path", "give one"}
	}
	for name, to := range map[string]*string{"sendmail.mc": &s.MC, "sendmail.cf": &s.CF} {
		b, err := os.ReadFile(h.Path(path.Join(s.Dir, name)))
		if err != nil && (name == "sendmail.cf" || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
		*to = string(b)
	}
	return s, nil
}

func (s *Sendmail) path(name string) string { return path.Join(s.Dir, name) }

// statement finds lines of sendmail.cf that match, and gives their group.
func (s *Sendmail) statement(pattern string) (all []string) {
	for _, m := range regexp.MustCompile("(?m)^"+pattern).FindAllStringSubmatch(s.CF, -1) {
		all = append(all, strings.TrimSpace(m[1]))
	}
	return all
}

// option is an option of sendmail.cf, "" if it is not set.
func (s *Sendmail) option(name string) string {
	return last(s.statement(`O[ \t]+` + regexp.QuoteMeta(name) + `[ \t]*=[ \t]*(.*)$`))
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// table is a map of sendmail.cf: its type and its file of text.
func (s *Sendmail) table(name string) (kind, file string, ok bool) {
	fields := strings.Fields(last(s.statement(`K` + name + `[ \t]+(.*)$`)))
	if len(fields) < 2 {
		return "hash", s.path(name), false
	}
	return fields[0], strings.TrimSuffix(fields[len(fields)-1], ".db"), true
}

// lines are the lines of a table, without comments.
func (s *Sendmail) lines(file string) (all [][]string, err error) {
	b, err := os.ReadFile(s.host.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			all = append(all, f)
		}
	}
	return all, err
}

// entry is what a table says about a key, "" if nothing.
func (s *Sendmail) entry(file, key string) (string, error) {
	lines, err := s.lines(file)
	for _, f := range lines {
		if strings.EqualFold(f[0], key) {
			return strings.Join(f[1:], " "), err
		}
	}
	return "", err
}

// isLocal reports whether Sendmail takes a domain for its own (class w).
func (s *Sendmail) isLocal(ctx context.Context, domain string) (bool, error) {
	out, _, err := s.host.pipe(ctx, []byte("$=w\n"), "sendmail", "-C", s.path("sendmail.cf"), "-bt")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(strings.Fields(out), func(w string) bool { return strings.EqualFold(w, domain) }), nil
}

// sendmailFile is a file of contrib/sendmail for these sockets.
func (w *Wanted) sendmailFile(name string) (string, error) {
	b, err := sendmail.Files.ReadFile(name)
	if err != nil {
		return "", err
	}
	replace := []string{
		"unix:/run/postel/milter", sendmailSocket(w.Milter), "unix:/run/postel/policy", sendmailSocket(w.Policy),
		"/run/postel/lmtp", strings.TrimPrefix(w.LMTP, "unix:"),
	}
	if host, port, ok := tcp(w.LMTP); ok {
		// In brackets, or Sendmail looks for the host's MX record.
		replace = append([]string{"FILE $h", "TCP $h " + port, "/run/postel/lmtp", "[" + host + "]"}, replace[:4]...)
	}
	return strings.NewReplacer(replace...).Replace(string(b)), nil
}

// sendmailSocket writes an address as Sendmail has it, "inet:10026@127.0.0.1".
func sendmailSocket(address string) string {
	if host, port, ok := tcp(address); ok {
		return "inet:" + port + "@" + host
	}
	return address
}

// tcp takes "inet:host:port" apart.
func tcp(address string) (host, port string, ok bool) {
	rest, ok := strings.CutPrefix(address, "inet:")
	i := strings.LastIndexByte(rest, ':')
	if !ok || i < 0 {
		return "", "", false
	}
	return strings.Trim(rest[:i], "[]"), rest[i+1:], true
}
