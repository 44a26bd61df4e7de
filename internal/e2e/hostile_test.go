package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestThousandRecipients(t *testing.T) {
	p := newDirect(t, "", "receipts = false")
	p.start()
	c, err := p.session()
	if err != nil {
		t.Fatal(err)
	}
	to := make([]string, 1000)
	for i := range to {
		to[i] = phone(i)
	}
	answers, err := deliver(c, write("thousand", "undisclosed-recipients:;", "", "all hands on deck"), to...)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range answers {
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
	}
	if len(answers) != 1000 {
		t.Errorf("%d answers", len(answers))
	}
	p.settle()
	if n := journal(t, p)["all hands on deck"]; n != 1000 {
		t.Errorf("%d phones got the text", n)
	}
}

// A mail of 9 MB with its text at the end of a long list of attachments becomes
// a text; one over the limit is refused in words.
func TestLargeMails(t *testing.T) {
	p := newDirect(t, "", "")
	p.start()
	c, err := p.session()
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 6<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	var lines bytes.Buffer
	for b := []byte(base64.StdEncoding.EncodeToString(noise)); len(b) > 0; {
		n := min(76, len(b))
		lines.Write(b[:n])
		lines.WriteString("\r\n")
		b = b[n:]
	}
	large := func(times int) []byte {
		return []byte("From: john@example.org\r\nSubject: large\r\nMessage-ID: <large" + fmt.Sprint(times) +
			"@client.example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
			strings.Repeat("--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n"+lines.String(), times) +
			"--b\r\nContent-Type: text/plain\r\n\r\nthe words\r\n--b--\r\n")
	}
	to := phone(1)
	answers, err := deliver(c, large(1), to)
	if err != nil || answers[to] != nil {
		t.Fatal(answers, err)
	}
	if got := p.inbox(number(to), 1)[0].Text; got != "the words" {
		t.Errorf("the phone has %q", got)
	}
	answers, err = deliver(c, large(2), to)
	if err != nil {
		t.Logf("the session ended: %v", err)
	}
	if got := code(answers[to]); got != 552 && got != 0 {
		t.Errorf("a mail over the limit got %d", got)
	}
}

// Garbage on every socket: the service goes on, and takes mail as before.
func TestGarbageOnEverySocket(t *testing.T) {
	s := newSite(t, "")
	for _, name := range []string{"milter", "policy", "lmtp"} {
		for seed := range 20 {
			garble(t, filepath.Join(s.postfix.PostelDir(), name), uint64(seed))
		}
	}
	for seed := range 20 {
		garble(t, filepath.Join(s.state(), "control.sock"), uint64(seed))
	}
	s.run("send", "--from", "john@example.org", alice, "still here")
	if got := s.inbox(alice, 1)[0].Text; got != "still here" {
		t.Errorf("the phone has %q", got)
	}
}

// garble writes noise, some of it in the shape of each protocol, and goes away
// with a half-closed connection.
func garble(t *testing.T, socket string, seed uint64) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := rand.New(rand.NewPCG(seed, 0))
	noise := make([]byte, r.IntN(20000))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	shapes := [][]byte{
		noise,
		append([]byte{0, 0, byte(len(noise) >> 8), byte(len(noise)), 'O'}, noise...),
		{0xff, 0xff, 0xff, 0xff},
		[]byte("LHLO x\r\nMAIL FROM:<" + strings.Repeat("a", 10000) + "\r\nRCPT TO:<\"sms:\x00>\r\nBDAT 99999999999999999999\r\n"),
		[]byte("request=smtpd_access_policy\nrecipient=" + strings.Repeat("+", 100000) + "\n\n"),
		[]byte("POST /send HTTP/1.1\r\nContent-Length: 5\r\n\r\n{{{{{"),
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = conn.Write(shapes[r.IntN(len(shapes))])
	_ = conn.(*net.UnixConn).CloseWrite()
	_, _ = conn.Read(make([]byte, 4096))
}
