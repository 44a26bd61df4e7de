package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// The number of the user and group mlmmj in etc/passwd and etc/group.
const mlmmj = 60008

// List is a mailing list that mlmmj keeps: NAME@example.org. Anybody may post.
type List struct {
	Name string
	// Members are written into the list's file as they are. Subscribe does it
	// as mlmmj does.
	Members []string
	// Control are files of the list's control directory, such as verp.
	Control map[string]string
}

func (l List) dir() string { return "var/spool/mlmmj/" + l.Name }

// write makes the list's directory as mlmmj-make-ml does, which is a script of
// a shell that hosts do not have.
func (l List) write(h *Host, smtp string) error {
	host, port, _ := net.SplitHostPort(smtp)
	files := map[string]string{
		"index": "0", "subscribers.d/" + l.Name[:1]: strings.Join(append(l.Members, ""), "\n"),
		"control/listaddress": l.Name + "@" + Domain + "\n", "control/owner": Mary.Address() + "\n",
		"control/relayhost": host + "\n", "control/smtpport": port + "\n",
	}
	for name, content := range l.Control {
		files["control/"+name] = content
	}
	for _, dir := range strings.Fields("incoming queue/discarded archive subconf unsubconf bounce moderation digesters.d requeue nomailsubs.d") {
		if err := os.MkdirAll(h.Path(l.dir(), dir), 0o755); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := h.write(filepath.Join(l.dir(), name), content); err != nil {
			return err
		}
	}
	if err := os.CopyFS(h.Path(l.dir(), "text"), os.DirFS(h.Path("usr/share/mlmmj/text.skel/en"))); err != nil {
		return err
	}
	return filepath.WalkDir(h.Path(l.dir()), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, mlmmj, mlmmj))
	})
}

// listTables are the two tables and the transport by which Postfix knows lists,
// as mlmmj's README.postfix has them.
func listTables(lists []List) (recipients, transport string) {
	for _, l := range lists {
		address := fmt.Sprintf(`/^%s(\+.*)?@%s$/`, regexp.QuoteMeta(l.Name), regexp.QuoteMeta(Domain))
		recipients += address + " OK\n"
		transport += address + " mlmmj:" + l.Name + "\n"
	}
	return recipients, transport
}

const (
	listMain = `
transport_maps = regexp:$config_directory/lists_transport.regexp
local_recipient_maps = regexp:$config_directory/lists_recipients.regexp
mlmmj_destination_recipient_limit = 1
`
	listMaster = `
mlmmj unix - n n - - pipe
  flags=ORhu user=mlmmj argv=/usr/bin/mlmmj-receive -F -L /var/spool/mlmmj/$nexthop
`
)

// Subscribe has mlmmj add a member to a list, asking and telling nobody, and
// returns the members that the list has then, as its file has them.
func (p *Postfix) Subscribe(list, member string) []string {
	p.h.t.Helper()
	dir := List{Name: list}.dir()
	if _, err := p.h.run("/usr/bin/mlmmj-sub", "-L", "/"+dir, "-a", member, "-s"); err != nil {
		p.h.t.Fatal("testbed: ", err)
	}
	files, _ := filepath.Glob(p.h.Path(dir, "subscribers.d/*"))
	var all []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			p.h.t.Fatal("testbed: ", err)
		}
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}
