package e2e

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/smsengine"
)

// limitFiles lets no file of the service grow over the size: for SQLite the
// disk is full then. 0 takes the limit away.
func (p *postel) limitFiles(size uint64) {
	p.t.Helper()
	limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	if size == 0 {
		limit.Cur = unix.RLIM_INFINITY
	}
	if err := unix.Prlimit(p.pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		p.t.Fatal(err)
	}
}

// With the disk full each mail gets 452 and is not half there; what was in
// flight is not lost; and when there is room again, all goes on by itself.
func TestFullDisk(t *testing.T) {
	p := newDirect(t, "", "delay = \"1ms\"")
	p.start()
	c, err := p.session()
	if err != nil {
		t.Fatal(err)
	}
	send := func(n int) int {
		to := phone(n)
		answers, err := deliver(c, write(fmt.Sprintf("disk%d", n), to, "", fmt.Sprintf("text %d", n)), to)
		if err != nil {
			t.Fatal(err)
		}
		return code(answers[to])
	}
	if got := send(0); got != 250 {
		t.Fatal(got)
	}
	p.limitFiles(4096)
	refused, taken := 0, 1
	for n := 1; n <= 30; n++ {
		switch got := send(n); got {
		case 250:
			taken++
		case 451, 452:
			refused++
		default:
			t.Errorf("with the disk full the answer is %d", got)
		}
	}
	if refused == 0 {
		t.Error("the disk was full and no mail was refused: the test tests nothing")
	}
	p.limitFiles(0)
	for n := 1; n <= 30; n++ { // the MTA comes again with all of them
		if got := send(n); got != 250 {
			t.Errorf("with room again the answer is %d", got)
		}
	}
	counts := p.settle()
	if n := counts[smsengine.Text][smsengine.Sent] + counts[smsengine.Text][smsengine.Delivered]; n != 31 {
		t.Errorf("31 texts were sent, %v", counts)
	}
	for text, n := range journal(t, p) {
		if n != 1 {
			t.Errorf("%q reached the network %d times", text, n)
		}
	}
	t.Logf("%d refused while the disk was full, %d taken", refused, taken)
}
