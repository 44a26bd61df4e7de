package milter

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport"
	"github.com/postel-mail/postel/transport/listen"
)

func frame(command byte, data string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)+1))) + string(command) + data
}

// FuzzTap: whatever the MTA writes and however it comes in pieces, go-milter sees
// exactly that, and the tap has the parameters of the last MAIL or RCPT.
func FuzzTap(f *testing.F) {
	f.Add(frame('M', "<a@b>\x00SIZE=1\x00ENVID=x\x00")+frame('R', "<sms:+1@d>\x00NOTIFY=NEVER\x00"), []byte{1})
	f.Add(frame('O', "\x00\x00\x00\x06")+frame('R', "<a>\x00")+frame('B', "text")+"\x00\x00\x00\x00"+frame('M', ""), []byte{3, 1, 200})
	f.Add("\xff\xff\xff\xffR", []byte{2})
	f.Fuzz(func(t *testing.T, stream string, pieces []byte) {
		theirs, ours := net.Pipe()
		defer theirs.Close()
		l := listen.Wrap(listener{ours}, listen.Options{Log: slog.New(slog.DiscardHandler)})
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{Conn: c.(*listen.Conn), session: &session{Server: New(Options{Log: quiet}), conn: c.(*listen.Conn)}}
		go func() {
			for rest := []byte(stream); len(rest) > 0; {
				n := len(rest)
				if len(pieces) > 0 {
					n = min(n, 1+int(pieces[0]))
					pieces = append(pieces[1:], pieces[0])
				}
				if _, err := theirs.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
			theirs.Close()
		}()
		var got bytes.Buffer
		p := make([]byte, 7)
		for {
			n, err := w.Read(p)
			got.Write(p[:n])
			if err != nil {
				break
			}
			p = p[:1+(len(p)+n)%cap(p)]
		}
		if got.String() != stream {
			t.Fatalf("go-milter reads %q of %q", got.String(), stream)
		}
		if got, want := w.session.tap.parameters(), lastParameters(stream); got != want {
			t.Fatalf("parameters %q, want %q, of %q", got, want, stream)
		}
	})
}

// lastParameters reads the frames of a whole stream.
func lastParameters(stream string) (last string) {
	r := strings.NewReader(stream)
	for {
		var length uint32
		if binary.Read(r, binary.BigEndian, &length) != nil {
			return last
		}
		if length == 0 {
			continue
		}
		command, err := r.ReadByte()
		if err != nil {
			return last
		}
		data, _ := io.ReadAll(io.LimitReader(r, int64(length-1)))
		if command == 'M' || command == 'R' {
			last = ""
			if length-1 <= maxKept {
				_, last, _ = strings.Cut(string(data), "\x00")
				last = strings.TrimRight(last, "\x00")
			}
		}
	}
}

// listener gives one connection.
type listener struct{ net.Conn }

func (l listener) Accept() (net.Conn, error) { return l.Conn, nil }
func (l listener) Addr() net.Addr            { return l.LocalAddr() }

// What go-milter does not tell reaches the recipient it belongs to, and stays
// with it.
func TestParameters(t *testing.T) {
	d := &desk{}
	_, path := start(t, d, Options{Mode: Take})
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c", "NOTIFY=SUCCESS,delay", "ORCPT=rfc822;alert+40example.org")
	m.rcpt("+15555550102@sms.example.org", "c")
	m.rcpt("+15555550103@sms.example.org", "c", "notify=NEVER", `ORCPT=utf-8;j\x{FC}rgen@example.org`)
	m.want("c", first(m.BodyChunk([]byte("Hello"))))
	if answer, _, _ := m.finish(); answer != "d" {
		t.Errorf("answer is %s", answer)
	}
	// The next mail has nothing of it.
	if err := m.Macros(milter.CodeMail, macroAddress, client, macroUser, "john"); err != nil {
		t.Fatal(err)
	}
	m.want("c", first(m.Mail("john@example.org", nil)))
	m.rcpt("+15555550102@sms.example.org", "c")
	m.want("c", first(m.BodyChunk([]byte("Hello"))))
	m.finish()

	if len(d.submitted) != 2 {
		t.Fatalf("submitted %+v", d.submitted)
	}
	one, two := d.submitted[0], d.submitted[1]
	if one.Source.EnvID != "QQ+1" || one.Source.Return != "HDRS" || two.Source.EnvID != "" || two.Source.Return != "" {
		t.Errorf("sources are %+v and %+v", one.Source, two.Source)
	}
	want := []smsengine.Recipient{
		{Address: "+15555550101@sms.example.org", Notify: smsengine.NotifySuccess | smsengine.NotifyDelay, ORCPT: "rfc822;alert@example.org"},
		{Address: "+15555550102@sms.example.org"},
		{Address: "+15555550103@sms.example.org", Notify: smsengine.NotifyNever, ORCPT: "utf-8;jürgen@example.org"},
		{Address: "+15555550102@sms.example.org"},
	}
	if got := append(one.Recipients, two.Recipients...); !slices.Equal(got, want) {
		t.Errorf("recipients are %+v", got)
	}
}

// FuzzOriginal: what we write as ORCPT reads back, whatever the address, and what
// a stranger writes never stops us.
func FuzzOriginal(f *testing.F) {
	for _, s := range []string{"x400;\xff", "rfc822;a+40b", `utf-8;\x{FC}@d`, "rfc822;+", `utf-8;\x{`, "sms:+15551234567?pass=x y@d", "jürgen+x=@exämple.org"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_ = notify(s)
		if s = transport.Original(s); s == "" {
			return
		}
		written := strings.TrimPrefix(orcpt(s), "ORCPT=")
		if got := transport.Original(written); got != s {
			t.Fatalf("%q is written %q and reads %q", s, written, got)
		}
		if strings.ContainsFunc(written, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q is written %q", s, written)
		}
	})
}

func TestOriginalRecipient(t *testing.T) {
	for _, addr := range []string{"a@b", "sms:+15551234567?a=b c@d", `"q\"x"@d`, "jürgen+x=@exämple.org", `ü\{`} {
		addr = "utf-8;" + addr
		if ascii := strings.TrimFunc(addr, func(r rune) bool { return r < 0x80 }) == ""; ascii {
			addr = "rfc822;" + addr[len("utf-8;"):]
		}
		if got := transport.Original(strings.TrimPrefix(orcpt(addr), "ORCPT=")); got != addr {
			t.Errorf("%q became %q, read as %q", addr, orcpt(addr), got)
		}
		for _, r := range orcpt(addr) {
			if r <= ' ' || r > '~' {
				t.Errorf("%q: %q stands in the command", addr, r)
			}
		}
	}
	for malformed, want := range map[string]string{
		"": "", "x": "", "x y;a": "", "X400;a+2Bb": "x400;a+b", "rfc822;a+4": "rfc822;a+4", "rfc822;a+ZZ": "rfc822;a+ZZ",
		`utf-8;\x{110000}\x{`: `utf-8;\x{110000}\x{`, "RFC822;a": "rfc822;a", "rfc822;a+0D+0Ab": "", "x400;+C3+A4": "", "rfc822;+C3+A4": "utf-8;ä",
	} {
		if got := transport.Original(malformed); got != want {
			t.Errorf("%q reads %q, want %q", malformed, got, want)
		}
	}
}
