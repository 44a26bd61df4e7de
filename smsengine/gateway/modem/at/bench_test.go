package at_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// BenchmarkSend makes a text a PDU and sends it, by a modem that is as fast as it can be.
func BenchmarkSend(b *testing.B) {
	m := modem.Start(b, modem.EC25, modem.Options{Quiet: true})
	fd, err := unix.Open(m.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		b.Fatal(err)
	}
	c := at.New(os.NewFile(uintptr(fd), m.Path()), at.Options{})
	defer c.Close()
	if err := c.Wake(b.Context(), 3); err != nil {
		b.Fatal(err)
	}
	to, err := tpdu.ParseAddress("+15555550123")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		content, err := tpdu.NewContent(sms.Part{Text: "The disk of mail.example.org is full."}, sms.GSM7, tpdu.NoClass)
		if err != nil {
			b.Fatal(err)
		}
		digits, length, err := tpdu.FormatLine(tpdu.Address{}, &tpdu.Submit{To: to, Content: content})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Send(b.Context(), fmt.Sprintf("AT+CMGS=%d", length), digits); err != nil {
			b.Fatal(err)
		}
	}
}
