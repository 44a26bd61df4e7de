package testbed

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// Kannel is a running Kannel, bearerbox and smsbox, that sends through a network
// of the test's own. It keeps its store in a file and receipts in memory.
type Kannel struct {
	*Network
	// URL is where its HTTP interface is, up to the port.
	URL string

	h              *Host
	admin, box     string // where it has its page, and where smsbox meets bearerbox
	smsc           string // where it takes texts from phones and receipts
	bearer, smsbox *process
	reports        map[string]int
	reporting      sync.WaitGroup
}

// KannelOptions are what is not the same for every test.
type KannelOptions struct {
	// Lines are what an administrator adds to kannel.conf. Paragraphs are groups of
	// their own, or, if they do not begin with one, belong to the group smsbox.
	Lines string
	// Reports says what becomes of texts to a number, KannelDelivered or another
	// state, "" standing for all others. There are no reports on what it does not
	// name.
	Reports map[string]int
	// Pending is how many texts it hands over at a time; 0: one after the other, so
	// that they stay in order.
	Pending int
	// Quiet has it log errors alone, for measurements.
	Quiet bool
	// Elsewhere is the URL of another network than its own, up to the "?".
	Elsewhere string
}

// What it writes for %d of a dlr-url, besides 8 for what the network has taken
// and 16 for what it has refused.
const (
	KannelDelivered = 1
	KannelFailed    = 2
	KannelBuffered  = 4
)

// Indented are the indented lines of a text, which are those of a configuration
// where it explains one, with words replaced: old, new, old, new.
func Indented(text string, replace ...string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			lines.WriteString(code)
		} else {
			lines.WriteString("\n")
		}
	}
	return strings.NewReplacer(replace...).Replace(lines.String())
}

// StartKannel starts Kannel.
func (h *Host) StartKannel(o KannelOptions) *Kannel {
	h.t.Helper()
	if err := linkTree(unpacked(h.t, packages.Kannel), h.Root); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	at := func() string { return net.JoinHostPort(h.Addr, h.port()) }
	k := &Kannel{h: h, reports: o.Reports, smsc: at(), admin: at(), box: at()}
	h.t.Cleanup(k.reporting.Wait) // when the network has ended
	k.Network = NewNetwork(h.t)
	k.Network.taken = k.fate
	sendsms, level := at(), "1"
	if o.Quiet {
		level = "3"
	}
	k.URL = "http://" + sendsms
	err := errors.Join(
		h.install("etc/kannel/kannel.conf", "NETWORK", cmp.Or(o.Elsewhere, k.Network.URL), "PENDING", fmt.Sprint(max(o.Pending, 1)), "LEVEL", level,
			"SENDSMS", port(sendsms), "SMSC", port(k.smsc), "ADMIN", port(k.admin), "BOX", port(k.box)),
		os.MkdirAll(h.Path("var/spool/kannel"), 0o755),
		os.MkdirAll(h.Path("var/log/kannel"), 0o755),
		k.add(o.Lines),
	)
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	h.showAtFailure("var/log/kannel/bearerbox.log")
	h.showAtFailure("var/log/kannel/smsbox.log")
	k.Start()
	return k
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// add adds lines to its configuration, which ends with the group smsbox.
func (k *Kannel) add(lines string) error {
	smsbox, groups := "", ""
	for p := range strings.SplitSeq(lines, "\n\n") {
		if p = strings.Trim(p, "\n") + "\n"; strings.HasPrefix(p, "group") {
			groups += "\n" + p
		} else {
			smsbox += p
		}
	}
	f, err := os.OpenFile(k.h.Path("etc/kannel/kannel.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, strings.TrimLeft(smsbox, "\n")+groups)
	return errors.Join(err, f.Close())
}

// Start starts it again after Stop.
func (k *Kannel) Start() {
	k.h.t.Helper()
	k.bearer = k.h.start("/usr/sbin/bearerbox", "/etc/kannel/kannel.conf")
	k.await("bearerbox", k.bearer, "running")
	k.smsbox = k.h.start("/usr/sbin/smsbox", "/etc/kannel/kannel.conf")
	k.await("smsbox", k.smsbox, "smsbox:box") // before it has said its name, a text makes it abort
}

// await waits until Kannel's page has a word.
func (k *Kannel) await(name string, p *process, word string) {
	k.h.t.Helper()
	k.h.wait(name+" to answer", func() error {
		if err := p.failed(); err != nil {
			k.h.t.Fatal("testbed: ", err)
		}
		said, err := get("http://" + k.admin + "/status.txt?password=admin")
		if err == nil && !strings.Contains(said, word) {
			err = fmt.Errorf("it says %s", said)
		}
		return err
	})
}

// Stop ends it at once: it would take ten seconds to end by itself.
func (k *Kannel) Stop() {
	k.h.t.Helper()
	for _, p := range []*process{k.smsbox, k.bearer} {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// WaitEmpty waits until it has nothing left to do.
func (k *Kannel) WaitEmpty() {
	k.h.t.Helper()
	k.await("Kannel", k.bearer, "store size 0")
}

// PIDs are those of bearerbox and smsbox.
func (k *Kannel) PIDs() []int { return []int{k.bearer.cmd.Process.Pid, k.smsbox.cmd.Process.Pid} }

// Receive has a phone send a text.
func (k *Kannel) Receive(from, to, text string) {
	k.h.t.Helper()
	k.hear(url.Values{"from": {from}, "to": {to}, "text": {text}, "coding": {"0"}})
}

// ReceiveUCS2 has a phone send a text that needs Unicode.
func (k *Kannel) ReceiveUCS2(from, to, text string) {
	k.h.t.Helper()
	k.hear(url.Values{"from": {from}, "to": {to}, "text": {toUTF16(text)}, "coding": {"2"}})
}

// Report has the network report on a part.
func (k *Kannel) Report(p Part, state int) {
	k.h.t.Helper()
	if err := k.report(p, state); err != nil {
		k.h.t.Fatal("testbed: ", err)
	}
}

// fate reports on a part if the test wants it.
func (k *Kannel) fate(p Part) {
	state, ok := k.reports[p.To]
	if !ok {
		state, ok = k.reports[""]
	}
	if !ok {
		return
	}
	k.reporting.Go(func() {
		if err := k.report(p, state); err != nil && k.h.t.Context().Err() == nil {
			k.h.t.Error("testbed: ", err)
		}
	})
}

// report brings a report until Kannel has noticed that the network took the part.
func (k *Kannel) report(p Part, state int) error {
	v := url.Values{"dlr-mid": {p.ID}, "dlr-mask": {fmt.Sprint(state)}, "to": {p.To}, "text": {"reported"}}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := k.bring(v)
		if err == nil || k.h.t.Context().Err() != nil || time.Now().After(deadline) {
			return err
		}
	}
}

// hear has the network bring a text.
func (k *Kannel) hear(v url.Values) {
	k.h.t.Helper()
	if err := k.bring(v); err != nil {
		k.h.t.Fatal("testbed: ", err)
	}
}

func (k *Kannel) bring(v url.Values) error {
	said, err := get("http://" + k.smsc + "/?" + v.Encode())
	if err == nil && said != "Sent" {
		err = fmt.Errorf("Kannel does not take %v of the network: %s", v, said)
	}
	return err
}

// get gives a page.
func get(page string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(page)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}
