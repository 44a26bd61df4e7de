package modem_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// BenchmarkSend is how fast the emulator can be driven at most: by somebody who
// does nothing else and waits for nothing but its answers.
func BenchmarkSend(b *testing.B) {
	m := modem.Start(b, modem.EC25, modem.Options{Quiet: true})
	fd, err := unix.Open(m.Path(), unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	until := func(octets, end string) {
		if _, err := unix.Write(fd, []byte(octets)); err != nil {
			b.Fatal(err)
		}
		for heard := ""; len(heard) < len(end) || heard[len(heard)-len(end):] != end; {
			n, err := unix.Read(fd, buf)
			if err != nil || n == 0 {
				b.Fatal(n, err)
			}
			heard += string(buf[:n])
		}
	}
	until("ATE0\r", "OK\r\n")
	for b.Loop() {
		until("AT+CMGS=18\r", "> ")
		until(submit, "OK\r\n")
	}
}
