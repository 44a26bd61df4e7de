package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Plan says what is to change in a configuration of Postfix so that it does
// what is wanted. It changes nothing. A Refusal says why it cannot be done
// without guessing.
func (p *Postfix) Plan(ctx context.Context, w Wanted) (*Plan, error) {
	n := &planner{Postfix: p, wanted: w, ours: w.lines("main.cf"), plan: &Plan{
		MTA: "postfix", Dir: p.Dir,
		Check:  Command{Args: []string{"postfix", "-c", p.Dir, "check"}},
		Reload: Command{Args: []string{"postfix", "-c", p.Dir, "reload"}},
	}}
	steps := []func(context.Context) error{
		func(context.Context) error { return p.editable() },
		n.phoneDomains, n.domains, n.transport, n.tables,
		func(context.Context) error { n.parameters(); return nil },
		n.services, n.directory,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	n.edits()
	return n.plan, nil
}

// planner collects a Plan.
type planner struct {
	*Postfix
	wanted Wanted
	ours   map[string]string // the parameters of contrib/postfix/main.cf
	plan   *Plan

	settings      []Setting // of main.cf and master.cf
	relayIsListed bool      // phone domains must be in relay_recipient_maps
}

// phoneDomains puts the phone domains into relay_domains, where alone they are
// meant to be.
func (n *planner) phoneDomains(ctx context.Context) error {
	for _, d := range slices.Backward(n.wanted.PhoneDomains) {
		in, err := n.Classes(ctx, d)
		if err != nil {
			return Refusal{"it cannot be seen whether " + d + " is a domain already: " + err.Error(), "see to that first"}
		}
		if i := slices.IndexFunc(in, func(c Class) bool { return c != Relay }); i >= 0 {
			return Refusal{fmt.Sprintf("the phone domain %s is in %s already", d, in[i]), "take it out there, or choose another name with --phone-domain"}
		}
		if !slices.Contains(in, Relay) {
			n.front("relay_domains", d)
		}
	}
	n.relayIsListed = len(n.wanted.PhoneDomains) > 0 && n.Full["relay_recipient_maps"] != ""
	if n.relayIsListed {
		n.front("relay_recipient_maps", tableName(recipientTable))
	}
	return nil
}

// domains puts phones of ordinary domains where Postfix looks for recipients.
func (n *planner) domains(ctx context.Context) error {
	for _, d := range n.wanted.Domains {
		in, err := n.Classes(ctx, d)
		if len(in) == 0 && err != nil {
			return Refusal{"it cannot be seen what kind of domain " + d + " is: " + err.Error(), "see to that first"}
		}
		switch {
		case len(in) == 0:
			return Refusal{d + " is not a domain of this Postfix", "add it to mydestination, virtual_mailbox_domains or relay_domains first"}
		case in[0] == Alias:
			return Refusal{d + " is in virtual_alias_domains, where every address must be rewritten to another", "use a phone domain (--phone-domain)"}
		case n.Full[in[0].recipients()] == "":
			continue // Postfix takes every recipient of that class, and shall go on to do so
		}
		n.front(in[0].recipients(), tableName(recipientTable))
		if catchAll, err := n.catchAll(ctx, d); err == nil && catchAll != "" {
			n.plan.note("virtual_alias_maps sends all of %s to %s, phones too: put a table with the line  /^(\"?sms[:=].*@%s)$/ $1  in front of it",
				d, catchAll, strings.ReplaceAll(d, ".", `\.`))
		}
	}
	return nil
}

// catchAll is where virtual_alias_maps sends every address of a domain.
func (p *Postfix) catchAll(ctx context.Context, domain string) (string, error) {
	for _, table := range split(p.Full["virtual_alias_maps"]) {
		if to, err := p.Lookup(ctx, table, "@"+domain); to != "" || err != nil {
			return to, err
		}
	}
	return "", nil
}

// transport adds the entry "sms" to master.cf.
func (n *planner) transport(context.Context) error {
	s, ok := n.Service("sms/unix")
	switch {
	case n.wanted.LMTP == "":
		n.plan.note("there is no LMTP socket (lmtp.listen): phones in aliases, which no milter sees, cannot be reached")
	case !ok:
		n.settings = append(n.settings, Setting{Service: "sms/unix", After: n.wanted.transport()})
	case s.Command != "lmtp":
		return Refusal{"master.cf has a transport sms that is something else: " + s.Line, "give it another name"}
	}
	return nil
}

// tables are the files that our parameters name.
func (n *planner) tables(context.Context) error {
	texts := []Text{
		{guardTable, n.wanted.table(guardTable)},
		{recipientTable, n.wanted.recipients(n.relayIsListed)},
	}
	if n.wanted.LMTP != "" {
		texts = append(texts, Text{transportTable, n.wanted.table(transportTable)})
	}
	for _, t := range texts {
		t.Path = path.Join(n.Dir, t.Path)
		there, err := os.ReadFile(n.host.Path(t.Path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if t.Content != "" && string(there) != t.Content {
			n.plan.Texts = append(n.plan.Texts, t)
		}
	}
	return nil
}

// parameters are those of main.cf that every installation has.
func (n *planner) parameters() {
	if n.wanted.LMTP != "" {
		n.front("transport_maps", n.ours["transport_maps"])
		n.set("sms_destination_recipient_limit", n.ours["sms_destination_recipient_limit"])
	}
	n.front("smtpd_restriction_classes", "sms_guard")
	n.set("sms_guard", n.ours["sms_guard"])
	n.guard("", "smtpd_recipient_restrictions")
	n.milter("", n.ours["smtpd_milters"])
	if n.wanted.Percent {
		percent := n.wanted.lines("percent.cf")
		for _, name := range slices.Sorted(maps.Keys(percent)) {
			n.set(name, percent[name])
		}
	}
}

// directory makes the directory of the sockets.
func (n *planner) directory(context.Context) error {
	d := n.wanted.SocketDir
	if d.Path == "" {
		return nil
	}
	if there, ok, err := statDir(n.host, d.Path); err != nil {
		return err
	} else if !ok || there != d {
		n.plan.Dirs = append(n.plan.Dirs, d)
	}
	return nil
}
