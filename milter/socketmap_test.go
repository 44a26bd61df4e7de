package milter

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"testing"
)

// Sendmail asks as Postfix does, on the same socket, in a protocol of its own.
func TestGuardAnswersSendmail(t *testing.T) {
	s, path := start(t, &desk{})
	_, c := startGuard(t, GuardOptions{Seen: s.Seen})
	in := bufio.NewReader(c)
	look := func(key string) string {
		t.Helper()
		question := "postelguard " + key
		fmt.Fprintf(c, "%d:%s,", len(question), question)
		answer, err := readNetstring(in)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := look("192.0.2.7/4711"); got != "OK unseen" {
		t.Errorf("before its mail: %q", got)
	}
	m := connect(t, path)
	m.mail("john", "john@example.org")
	if got := look("192.0.2.7/4711"); got != "NOTFOUND " {
		t.Errorf("during its mail: %q", got)
	}
	if got := look("192.0.2.8/4711"); got != "OK unseen" {
		t.Errorf("another client: %q", got)
	}

	// What is neither ends the connection.
	io.WriteString(c, "27;nonsense")
	if _, err := in.ReadByte(); err == nil {
		t.Error("nonsense was answered")
	}
}

func FuzzReadNetstring(f *testing.F) {
	f.Add([]byte("26:postelguard 192.0.2.7/4711,"))
	f.Add([]byte("0:,"))
	f.Add([]byte("99999999999999999999:"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readNetstring(bufio.NewReader(bytes.NewReader(b)))
		if err == nil && len(s) > maxQuestion {
			t.Errorf("%d octets", len(s))
		}
	})
}
