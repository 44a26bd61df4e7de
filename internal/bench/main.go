// Command bench measures the whole way of a text: LMTP in, durable, simulated
// gateway out. It starts the given postel as its own process, hands it mails
// over 1, 10 and 50 sessions, and prints for each: messages a second until the
// last one is sent, the time from the end of DATA to 250, Postel's CPU time a
// message, and its memory. The load comes from the same machine.
//
//	go run ./internal/bench [-n MAILS] [-sessions 1,10,50] bin/postel
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

const config = `
state = %[1]q
hostname = "bench.example.org"
[log]
level = %[2]q
[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
send = true
rate = "none"
daily_ceiling = 0
[lmtp]
listen = "unix:%[1]s/lmtp"
trust = true
peers = []
[mail]
to = "maildir:%[1]s/mail"
[[gateway]]
id = "sim"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
concurrency = 128
[gateway.sim]
receipts = false
`

func main() {
	log.SetFlags(0)
	mails := flag.Int("n", 6000, "mails for 10 sessions and more; a quarter of them for one")
	list := flag.String("sessions", "1,10,50", "how many sessions at a time, separated by commas")
	level := flag.String("log", "info", "log level of the service")
	dir := flag.String("dir", "", "directory for the database; empty: the system's for temporary files")
	flag.Parse()
	binary := cmp.Or(flag.Arg(0), "bin/postel")
	fmt.Printf("%8s %10s %12s %10s %10s %10s %9s\n", "sessions", "mails", "messages/s", "p50 ms", "p99 ms", "CPU µs", "RSS MB")
	for _, s := range strings.Split(*list, ",") {
		sessions, err := strconv.Atoi(s)
		if err != nil {
			log.Fatal(err)
		}
		n := *mails
		if sessions == 1 {
			n /= 4
		}
		if err := measure(binary, *dir, *level, sessions, n); err != nil {
			log.Fatal(err)
		}
	}
}

// measure starts a fresh service, loads it and prints a line.
func measure(binary, base, level string, sessions, mails int) error {
	dir, err := os.MkdirTemp(base, "postel-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "postel.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, dir, level), 0o600); err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(binary, "serve", "-c", file)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Process.Kill() //nolint:errcheck // it has ended when all went well

	socket := filepath.Join(dir, "lmtp")
	if err := load(socket, 4, 200, "warm"); err != nil { // and wait for it to come up
		b, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%w; the service says:\n%s", err, b)
	}
	store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := settled(store, 200); err != nil {
		return err
	}
	cpu, _ := usage(cmd.Process.Pid)
	began := time.Now()
	var waits []time.Duration
	if waits, err = run(socket, sessions, mails, "load"); err != nil {
		return err
	}
	if err := settled(store, 200+mails); err != nil {
		return err
	}
	took := time.Since(began)
	after, rss := usage(cmd.Process.Pid)
	slices.Sort(waits)
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	fmt.Printf("%8d %10d %12.0f %10.2f %10.2f %10.0f %9.0f\n", sessions, mails,
		float64(mails)/took.Seconds(), ms(waits[len(waits)/2]), ms(waits[len(waits)*99/100]),
		float64((after-cpu).Microseconds())/float64(mails), rss)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}

func load(socket string, sessions, mails int, name string) error {
	_, err := run(socket, sessions, mails, name)
	return err
}

// run hands over mails and gives the time that each waited for its 250.
func run(socket string, sessions, mails int, name string) ([]time.Duration, error) {
	var wg sync.WaitGroup
	all := make([][]time.Duration, sessions)
	errs := make([]error, sessions)
	for i := range sessions {
		wg.Go(func() {
			share := mails / sessions
			if i < mails%sessions {
				share++
			}
			all[i], errs[i] = session(socket, share, fmt.Sprintf("%s.%d", name, i))
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(all...), nil
}

// settled waits until so many texts were sent.
func settled(s *sqlite.Store, n int) error {
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		counts, err := s.Counts(context.Background())
		if err != nil {
			return err
		}
		if got := counts[smsengine.Text][smsengine.Sent]; got >= n {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not all of %d texts were sent: %v", n, counts)
		}
	}
}

// usage gives a process's CPU time so far and its memory at most, in MB.
func usage(pid int) (cpu time.Duration, rss float64) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		log.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, f := range fields[11:13] { // utime and stime, in ticks of 10 ms
		ticks, _ := strconv.Atoi(f)
		cpu += time.Duration(ticks) * 10 * time.Millisecond
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(v)[0])
			rss = float64(kb) / 1024
		}
	}
	return cpu, rss
}
