package sms

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkSend is what a text costs from its request to its answer, when it is
// durable: 50 clients over connections that are kept. The CPU time is that of
// server, engine, store and clients together.
func BenchmarkSend(b *testing.B) {
	bed := newBed(b, nil)
	server := httptest.NewServer(bed.server)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	b.SetParallelism(25) // 50 clients on two processors
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			form := url.Values{"number": {fmt.Sprintf("+1555%07d", 5550000+n.Add(1)%10000)}, "data": {"hello, this is a text"}}
			req, _ := http.NewRequest(http.MethodPost, server.URL+"/sms/", strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.SetBasicAuth("shop", password)
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("%d %s", res.StatusCode, body)
				return
			}
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
