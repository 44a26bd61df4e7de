package modem_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// TestKilled kills a service with kill -9 again and again while texts go both ways through a modem that has bad luck of
// its own. Every accepted text ends delivered, failed or unsure, and the phone says the same; none is there twice; and
// what phones sent is stored once.
func TestKilled(t *testing.T) {
	n := seed(t)
	for i, p := range []emulator.Personality{emulator.SIM800, emulator.EC25} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := &ward{T: t, luck: newLuck(n + uint64(i)), folder: t.TempDir(), accepted: map[string]bool{}}
			w.m = emulator.Start(t, p, emulator.Options{PIN: pin, Size: 8, AckTime: time.Second, Luck: w.luck.at})
			w.run(40, 40)
		})
	}
}

// ward is a modem, and the service that is killed over it.
type ward struct {
	*testing.T
	*luck
	m      *emulator.Modem
	folder string

	mu       sync.Mutex
	life     *life
	accepted map[string]bool // by name
}

// life is one process.
type life struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	said  chan string // closed when it has ended
}

func (w *ward) begin() *life {
	cmd := exec.Command(os.Args[0]) //nolint:gosec // ourselves
	cmd.Env = append(os.Environ(), serviceFolder+"="+w.folder, servicePort+"="+w.m.Path())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(w.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.Error(err)
		return nil
	}
	defer log.Close()
	cmd.Stderr = log
	input, err := cmd.StdinPipe()
	if err != nil {
		w.Error(err)
		return nil
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		w.Error(err)
		return nil
	}
	if err := cmd.Start(); err != nil {
		w.Error(err)
		return nil
	}
	l := &life{cmd: cmd, input: input, said: make(chan string)}
	go func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			l.said <- lines.Text()
		}
		close(l.said)
		_ = cmd.Wait()
	}()
	w.mu.Lock()
	w.life = l
	w.mu.Unlock()
	return l
}

func (w *ward) run(out, in int) {
	done := make(chan struct{})
	var world sync.WaitGroup
	world.Go(func() { w.kills(done) })
	world.Go(func() { w.replugs(done) })
	var people sync.WaitGroup
	people.Go(func() {
		for n := range out {
			w.submits(n)
		}
	})
	var posted []string
	people.Go(func() {
		for n := range in {
			text := strings.Repeat(fmt.Sprintf("in %d ", n), 1+34*(n%5/4))
			posted = append(posted, text)
			w.m.Deliver(emulator.Incoming{From: "+15555550123", Text: text, At: time.Unix(1.8e9+int64(n), 0)})
			time.Sleep(time.Duration(w.below(100)) * time.Millisecond)
		}
	})
	people.Wait()
	w.end()
	w.comesToRest(posted)
	close(done)
	world.Wait()
	w.judge(out, posted)
}

// kills has one process after the other, the last of which ends in good order.
func (w *ward) kills(done chan struct{}) {
	for {
		l := w.begin()
		if l == nil {
			return
		}
		moment := time.After(time.Duration(100+w.below(900)) * time.Millisecond)
		if w.over() {
			moment = nil
		}
		select {
		case <-moment:
			_ = l.cmd.Process.Kill()
		case <-done:
			_ = l.input.Close()
			for range l.said {
			}
			return
		}
		for range l.said {
		}
	}
}

func (w *ward) replugs(done chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(20+w.below(80)) * time.Millisecond):
			w.m.Plug()
		}
	}
}

// submits hands a text over until it was accepted, as a mail server does.
func (w *ward) submits(n int) {
	name, to := fmt.Sprint("m", n), fmt.Sprintf("+1555555%04d", n)
	w.m.Fate(to, []emulator.Fate{{}, {}, {Early: true}, {Status: []byte{0x22, 0}}, {Status: []byte{0x46}}, {Refused: 21}}[w.below(6)])
	text := strings.Repeat(fmt.Sprintf("out %d ", n), 1+29*(n%4/3))
	for {
		w.mu.Lock()
		l := w.life
		w.mu.Unlock()
		if l != nil {
			if _, err := fmt.Fprintln(l.input, to, name, text); err == nil {
				if line, ok := <-l.said; ok && strings.HasPrefix(line, name+" ") {
					w.accepted[text] = true
					break
				}
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(time.Duration(w.below(100)) * time.Millisecond)
}

// list gives the messages of a kind.
func (w *ward) list(kind smsengine.Kind) []smsengine.Message {
	store, err := sqlite.Open(database(w.folder), sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil // the first life has not made it yet
	}
	defer store.Close()
	all, err := store.List(w.Context(), smsengine.Filter{Kind: kind, Limit: 1000})
	if err != nil {
		w.Error(err)
	}
	return all
}

// comesToRest waits until nothing is under way. The network repeats its receipts: those that were lost with a process
// come again.
func (w *ward) comesToRest(posted []string) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		busy := 0
		for _, m := range w.list(smsengine.Text) {
			switch m.State {
			case smsengine.Sent:
				busy++
				for _, p := range w.m.Sent() {
					if p.Number == m.To.Value && p.Arrived {
						w.m.Report(p, 0x00)
					} else if p.Number == m.To.Value {
						w.m.Report(p, 0x46)
					}
				}
			case smsengine.Ready, smsengine.Sending, smsengine.Held:
				busy++
			}
		}
		used, _ := w.m.Stored("SM")
		if busy == 0 && len(w.list(smsengine.Incoming)) >= len(posted) && used == 0 && w.m.Waiting() == 0 {
			return
		}
	}
	w.Error("it does not come to rest")
	log, _ := os.ReadFile(filepath.Join(w.folder, "log"))
	w.Logf("%s", log[max(0, len(log)-5000):])
}

// judge compares the database with the phones.
func (w *ward) judge(out int, posted []string) {
	if len(w.accepted) != out {
		w.Errorf("%d texts of %d were accepted", len(w.accepted), out)
	}
	arrived := map[string]int{}
	for _, p := range w.m.Sent() {
		arrived[p.Number+p.Text]++
	}
	states := map[smsengine.State]int{}
	for _, m := range w.list(smsengine.Text) {
		states[m.State]++
		if !w.accepted[m.Body.Text] {
			w.Errorf("%q was never accepted", m.Body.Text)
		}
		delete(w.accepted, m.Body.Text)
		if s := m.State; s != smsengine.Delivered && s != smsengine.Failed && s != smsengine.Unsure {
			w.Errorf("%q is %s", m.Body.Text, s)
		}
		for i, p := range m.Parts {
			n := arrived[m.To.Value+p.Text]
			switch {
			case n > 1:
				w.Errorf("part %d of %q is on the phone %d times", i+1, m.Body.Text, n)
			case (p.State == smsengine.PartDelivered || p.State == smsengine.PartSent) && n != 1:
				w.Errorf("part %d of %q is %s, and not on the phone", i+1, m.Body.Text, p.State)
			case (p.State == smsengine.PartWaiting || p.State == smsengine.PartFailed && p.Reference == "") && n > 0:
				w.Errorf("part %d of %q is %q, and on the phone", i+1, m.Body.Text, p.State)
			}
		}
	}
	if len(w.accepted) > 0 {
		w.Errorf("accepted and lost: %v", w.accepted)
	}
	var got []string
	for _, m := range w.list(smsengine.Incoming) {
		got = append(got, m.Body.Text)
	}
	slices.Sort(got)
	slices.Sort(posted)
	if !slices.Equal(got, posted) {
		w.Errorf("phones sent %q, stored is %q", posted, got)
	}
	if tried := w.m.SIM().Attempts(); slices.ContainsFunc(tried, func(s string) bool { return s != pin }) {
		w.Errorf("the SIM card saw %q", tried)
	}
	w.Logf("out: %v; in: %d; %d strokes of bad luck", states, len(got), w.strokes())
}
