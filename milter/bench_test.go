package milter

import (
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-milter"
)

// BenchmarkMilterOtherMail is what a mail without phone recipients costs: a
// session on a kept connection, MAIL, RCPT and the first header, or, where the
// header of all mail is scrubbed, all of its fields. The CPU time is that of the
// milter and of the client that plays the MTA together.
func BenchmarkMilterOtherMail(b *testing.B) {
	b.Run("phone", func(b *testing.B) { otherMail(b, Options{}, 1) })
	b.Run("all", func(b *testing.B) { otherMail(b, Options{Scrub: ScrubAll}, 20) })
	b.Run("take", func(b *testing.B) { otherMail(b, Options{Mode: Take}, 1) })
}

func otherMail(b *testing.B, o Options, fields int) {
	_, path := start(b, &desk{}, o)
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
		must(s.Mail("mary@example.com", []string{"SIZE=2048", "BODY=8BITMIME"}))
		must(s.Rcpt("john@example.org", nil))
		for range fields {
			must(s.HeaderField("Received", "from mx.example.com (mx.example.com [192.0.2.1]) by mx.example.org (Postfix) with ESMTPS id 4XyZ12"))
		}
		if o.Scrub == ScrubAll {
			must(s.HeaderEnd())
		}
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
