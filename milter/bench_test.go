package milter

import (
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-milter"
)

// BenchmarkMilterOtherMail is what a mail without phone recipients costs: a
// session on a kept connection, MAIL, RCPT and the first header. The CPU time is
// that of the milter and of the client that plays the MTA together.
func BenchmarkMilterOtherMail(b *testing.B) {
	_, path := start(b, &desk{})
	c := milter.NewClientWithOptions("unix", path, milter.ClientOptions{
		ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
		ActionMask: milter.OptAddHeader | milter.OptChangeHeader, ProtocolMask: 0x7f,
	})
	s, err := c.Session()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	must := func(a *milter.Action, err error) {
		if err != nil || a.Code != milter.ActContinue && a.Code != milter.ActAccept {
			b.Fatal(a, err)
		}
	}
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		if err := s.Macros(milter.CodeMail, macroAddress, "192.0.2.7", macroPort, "4711"); err != nil {
			b.Fatal(err)
		}
		must(s.Mail("mary@example.com", nil))
		must(s.Rcpt("john@example.org", nil))
		must(s.HeaderField("Received", "from mx.example.com by mx.example.org"))
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
