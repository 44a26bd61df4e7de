package testbed

import (
	"net"
	"os"
)

// syslogd takes what the host's daemons tell syslog and writes it to
// /var/log/mail.log, for the time of the test.
func (h *Host) syslogd() {
	h.t.Helper()
	name := h.Path("dev/log")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	log, err := os.Create(h.Path("var/log/mail.log"))
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	if err := os.Chmod(name, 0o666); err != nil {
		h.t.Fatal("testbed: ", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		line := make([]byte, 64<<10)
		for {
			n, err := c.Read(line[:len(line)-1])
			if err != nil {
				return
			}
			line[n] = '\n'
			if _, err := log.Write(line[:n+1]); err != nil {
				return
			}
		}
	}()
	h.t.Cleanup(func() {
		c.Close()
		<-ended
		log.Close()
	})
}
