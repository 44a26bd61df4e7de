package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// A kill does not show a missing sync: the page cache survives it. So the
// system calls tell: between the end of the mail and its 250 stands a sync of
// the database's log that has returned.
func TestSyncStandsBeforeTheAnswer(t *testing.T) {
	p := newDirect(t, "", "")
	trace := filepath.Join(p.dir, "trace")
	p.wrap = append(testbed.Tool(t, "strace"), "-f", "-y", "-qq", "-s", "1000",
		"-e", "trace=fsync,fdatasync,read,recvfrom,write,sendto,writev", "-o", trace)
	p.start()
	c, err := p.session()
	if err != nil {
		t.Fatal(err)
	}
	const mails = 5
	for n := range mails {
		to := phone(n)
		answers, err := deliver(c, write("sync"+to[:12], to, "", "is it on disk?"), to)
		if err != nil || answers[to] != nil {
			t.Fatal(answers, err)
		}
	}
	c.Close()
	p.stop()

	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	var log syncs
	came, answered := 0, 0
	for line := range strings.Lines(string(b)) {
		log.follow(line)
		switch {
		case strings.Contains(line, "is it on disk?") && regexp.MustCompile(`(read|recvfrom|resumed)`).MatchString(line) && strings.Contains(line, "Subject"):
			came++
			log = syncs{} // the mail came in just now
		case strings.Contains(line, "OK: queued as"):
			answered++
			if !log.done {
				t.Errorf("answer %d was given before the log was synced:\n%s", answered, line)
			}
		}
	}
	if came != mails || answered != mails {
		t.Fatalf("the trace shows %d mails and %d answers, not %d:\n%.4000s", came, answered, mails, b)
	}
}

// The same of texts by HTTP, one after the other: between a request and its answer
// stands a sync, and no text is sent before one either.
func TestSyncStandsBeforeTheAnswerOverHTTP(t *testing.T) {
	p := newDirect(t, "", "")
	base := p.openHTTP("")
	p.withShop()
	p.stop()
	trace := filepath.Join(p.dir, "trace")
	p.wrap = append(testbed.Tool(t, "strace"), "-f", "-y", "-qq", "-s", "400",
		"-e", "trace=fsync,fdatasync,read,recvfrom,write,sendto,writev", "-o", trace)
	p.start()
	const texts = 5
	for n := range texts {
		status, said := p.program(base).do("GET", fmt.Sprintf("/sms/?number=%s&data=is-it-on-disk-%d&user=shop&pass=%s", phone(n)[:12], n, serverPassword), "")
		if status != 200 {
			t.Fatal(status, said)
		}
		if counts := p.settle(); counts[smsengine.Text][smsengine.Ready] > 0 {
			t.Fatal(counts)
		}
	}
	p.stop()

	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	var log syncs
	came, answered, sent := 0, 0, 0
	for line := range strings.Lines(string(b)) {
		log.follow(line)
		switch {
		case strings.Contains(line, `"GET /sms/?`):
			came++
			log = syncs{}
		case came > 0 && strings.Contains(line, `"HTTP/1.1 200 OK`): // before, the control socket answered
			if answered++; !log.done {
				t.Errorf("answer %d was given before the log was synced:\n%s", answered, line)
			}
		case strings.Contains(line, "journal>") && strings.Contains(line, "is-it-on-disk"):
			if sent++; !log.done {
				t.Errorf("text %d was sent before the log was synced:\n%s", sent, line)
			}
		}
	}
	if came != texts || answered != texts || sent != texts {
		t.Fatalf("the trace shows %d requests, %d answers, %d texts, not %d of each:\n%.4000s", came, answered, sent, texts, b)
	}
}

// syncs follows the lines of a trace.
type syncs struct {
	waiting map[string]bool // threads in the middle of a sync
	done    bool            // the log was synced
}

// A call that another thread interrupts is told in two lines: it has returned at
// the second.
var (
	syncBegun = regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*postel\.db-wal>(\)\s+= 0| <unfinished)`)
	syncEnded = regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>\)\s+= 0`)
)

func (s *syncs) follow(line string) {
	if m := syncBegun.FindStringSubmatch(line); m != nil {
		if s.waiting == nil {
			s.waiting = make(map[string]bool)
		}
		s.waiting[m[1]] = strings.Contains(m[2], "unfinished")
		s.done = s.done || !s.waiting[m[1]]
	} else if m := syncEnded.FindStringSubmatch(line); m != nil && s.waiting[m[1]] {
		delete(s.waiting, m[1])
		s.done = true
	}
}
