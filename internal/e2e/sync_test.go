package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// A kill does not show a missing sync: the page cache survives it. So the
// system calls tell: between the end of the mail and its 250 stands a sync of
// the database's log that has returned.
func TestSyncStandsBeforeTheAnswer(t *testing.T) {
	p := newDirect(t, "", "")
	trace := filepath.Join(p.dir, "trace")
	p.wrap = append(testbed.Tool(t, "strace"), "-f", "-y", "-qq", "-s", "200",
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
	// A call that another thread interrupts is told in two lines: it has
	// returned at the second.
	begun := regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*postel\.db-wal>(\)\s+= 0| <unfinished)`)
	ended := regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>\)\s+= 0`)
	waiting := make(map[string]bool)
	synced, answered := false, 0
	for line := range strings.Lines(string(b)) {
		if m := begun.FindStringSubmatch(line); m != nil {
			if strings.Contains(m[2], "unfinished") {
				waiting[m[1]] = true
			} else {
				synced = true
			}
		} else if m := ended.FindStringSubmatch(line); m != nil && waiting[m[1]] {
			delete(waiting, m[1])
			synced = true
		}
		switch {
		case strings.Contains(line, "is it on disk?") && regexp.MustCompile(`(read|recvfrom|resumed)`).MatchString(line) && strings.Contains(line, "Subject"):
			synced, waiting = false, make(map[string]bool) // the mail came in just now
		case strings.Contains(line, "OK: queued as"):
			answered++
			if !synced {
				t.Errorf("answer %d was given before the log was synced:\n%s", answered, line)
			}
		}
	}
	if answered != mails {
		t.Fatalf("the trace shows %d answers, not %d:\n%.4000s", answered, mails, b)
	}
}
