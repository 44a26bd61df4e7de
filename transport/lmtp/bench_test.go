package lmtp

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// yes is an engine that accepts and forgets.
type yes struct{}

func (yes) Check(context.Context, *smsengine.Source, smsengine.Recipient, int) (smsengine.Verdict, error) {
	return smsengine.Verdict{Cost: 1}, nil
}

func (yes) Bounced(context.Context, smsengine.Bounce) error { return nil }

func (yes) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	return make([]smsengine.Outcome, len(s.Recipients))
}

// BenchmarkDoor is what a mail of 2 KB costs on its way to the Desk, over 50
// sessions that are kept. The CPU time is that of the server and of the clients
// together.
func BenchmarkDoor(b *testing.B) {
	b.Run("trusted", func(b *testing.B) { benchmarkDoor(b, "", trusted) })
	b.Run("ticket", func(b *testing.B) {
		stamp := strings.ReplaceAll(ticket(b, "", "+15551234567"), "\n> ", "\r\n")
		benchmarkDoor(b, stamp+"\r\n", func(*Options) {})
	})
}

func benchmarkDoor(b *testing.B, stamp string, change func(*Options)) {
	first := start(b, &desk{}, func(o *Options) { o.Desk = yes{}; change(o) })
	const envelope = "MAIL FROM:<john@example.org> SIZE=2048\r\nRCPT TO:<\"sms:+15551234567\"@example.org> ORCPT=rfc822;sms:+2B15551234567@example.org\r\nDATA\r\n"
	header := "Received: from mx by mx.example.org (Postfix) with ESMTPSA id 12345; Mon, 23 Nov 2026 08:00:00 +0000\r\n" + stamp +
		"From: John <john@example.org>\r\nTo: +15551234567@sms.example.org\r\nSubject: Hello\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nMessage-ID: <"
	body := "@example.org>\r\n\r\n" + strings.Repeat("The quick brown fox jumps over the lazy dog 0123456789.\r\n", 30) + ".\r\n"
	var n atomic.Int64
	b.SetParallelism(25) // 50 sessions on two processors
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	b.RunParallel(func(pb *testing.PB) {
		c := connect(b, first.server, first.RemoteAddr())
		expect := func(replies int) {
			for range replies {
				for more := true; more; {
					line, err := c.in.ReadSlice('\n')
					if err != nil || line[0] != '2' && line[0] != '3' {
						b.Errorf("got %q, %v", line, err)
						return
					}
					more = line[3] == '-'
				}
			}
		}
		expect(1)
		c.Write([]byte("LHLO mx.example.org\r\n"))
		expect(1)
		for pb.Next() {
			c.Write([]byte(envelope))
			expect(3)
			c.Write([]byte(header + strconv.FormatInt(n.Add(1), 10) + body))
			expect(1)
		}
	})
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
