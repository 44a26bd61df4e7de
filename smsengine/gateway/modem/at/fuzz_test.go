package at

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a modem gives, tokens are short and printable, account for every octet, and do not depend on how the octets
// were cut; the sorter keeps nothing for ever, and nothing is traced that is not printable.
func FuzzScan(f *testing.F) {
	f.Add("\r\n+CSQ: 17,99\r\n\r\nOK\r\n", "AT+CSQ", false)
	f.Add("AT+CMGS=19\r\r\n> > \r\n+CMGS: 4\r\nOK\r\n", "AT+CMGS=19", true)
	f.Add("+CMT: ,19\r\n00040B915155550521F300006230102143658001C1\r\n+CUSD: 0,\"a\nb\",15\r\n", "AT+CMGL=4", false)
	f.Add("\x00\xff\x1b>\xfe > OK\r+CME ERROR:\n", "AT+CPIN=1234", false)
	f.Fuzz(func(t *testing.T, input, command string, prompt bool) {
		var s scanner
		var sorter sorter
		var m mask
		e := newExchange(command)
		e.prompting = prompt
		m.learn(command)
		size := 0
		for i := range len(input) {
			s.prompting = e.prompting
			token, ok := s.next(input[i])
			if !ok {
				continue
			}
			size += token.size
			if len(token.text) > maxLine || strings.ContainsAny(token.text, "\r\n\x00\x1a\x1b") || token.prompt && token.text != "" {
				t.Fatalf("%q", token.text)
			}
			trace := m.received(token, e, sorter.waiting()).String()
			for i := range len(trace) {
				if trace[i] < ' ' || trace[i] > '~' {
					t.Fatalf("%q", trace)
				}
			}
			for _, pin := range m.pins {
				if strings.Contains(strings.TrimLeft(trace, "< 0123456789"), pin) && strings.Contains(token.text, pin) {
					t.Fatalf("%q shows %s", trace, pin)
				}
			}
			for _, u := range sorter.sort(token, e) {
				if u.Line == "" {
					t.Fatalf("%+v", u)
				}
			}
			if e.final != "" {
				break
			}
		}
		if e.final == "" && size+s.size != len(input) {
			t.Fatalf("%d octets in tokens, %d waiting, of %d", size, s.size, len(input))
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"+CREG: 2,1,\"00C3\",\"A1B2\",7", "+CPMS: ,,,", "+CNMI: (0-2),(0-1,3)", "+CMGL: 1,1,,20\n00C1", "+CUSD: 0,\"C8329BFD0E01\",15",
		"+CSCA: \"002B0031\",145", "+CPIN: SIM PIN", "^ICCID: 98940000000000000021", "+CMGR: ,,27\n07", "+CLCK: 1,7", "+COPS: 0,0,\"x\",2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := Answer{Lines: strings.Split(text, "\n")}
		for _, line := range a.Lines {
			Fields(line)
			_, _ = ParseRegistration(line)
		}
		_, _ = ParsePIN(a)
		_, _ = ParseTries(a)
		_, _ = ParseLock(a)
		_, _ = ParseSignal(a)
		_, _ = ParseOperator(a)
		_, _ = ParseIMEI(a)
		_, _ = ParseIMSI(a)
		_, _ = ParseICCID(a)
		if id := ParseIdentity(a); strings.Trim(id, " ") != id {
			t.Fatalf("%q", id)
		}
		_, _ = ParseServiceCentre(a)
		if memories, _ := ParseMemories(a); len(memories) > 3 {
			t.Fatal(memories)
		}
		_, _ = ParseMemoryNames(a)
		if ranges, err := ParseRanges(a, "+CNMI"); err == nil {
			Indications(ranges)
		}
		_, _ = ParseReference(a)
		octets := 0
		for _, s := range append(ParseList(a), stored(a.Lines, "+CMGR")...) {
			if octets += len(s.PDU); strings.Trim(s.PDU, "0123456789ABCDEFabcdef") != "" {
				t.Fatalf("%+v", s)
			}
		}
		if octets > 2*len(text) {
			t.Fatalf("%d octets of PDUs out of %d", octets, len(text))
		}
		u := Unsolicited{Name: "+CUSD", Line: text}
		if d, err := ParseUSSD(u); err == nil && utf8.ValidString(text) && !utf8.ValidString(d.Text) {
			t.Fatalf("%q", d.Text)
		}
		_, _, _ = ParsePlace(u)
		ParseLength(u)
	})
}

// A Conn on which a modem raves stays usable by its rules: every command ends, one way or another.
func FuzzConn(f *testing.F) {
	f.Add("\r\nOK\r\n> +CMGS: 1\r\nOK\r\n")
	f.Add("> > ERROR\r\n+CMT: ,5\r\n")
	f.Fuzz(func(t *testing.T, input string) {
		p := &raving{input: input, closed: make(chan struct{})}
		short := 2 * time.Millisecond
		c := New(p, Options{Wait: short, Send: short, Prompt: short, Probe: short, Settle: short / 4, WithoutOK: short})
		_, _ = c.Do(t.Context(), "AT+CSQ")
		_, _ = c.Send(t.Context(), "AT+CMGS=1", "00")
		c.Close()
		<-c.Done()
		for {
			if _, err := c.Next(t.Context()); err != nil {
				break
			}
		}
	})
}

// raving gives its input a few octets at a time, whatever it is told.
type raving struct {
	mu     sync.Mutex
	input  string
	closed chan struct{}
}

func (r *raving) Read(b []byte) (int, error) {
	r.mu.Lock()
	n := copy(b[:min(len(b), 7)], r.input)
	r.input = r.input[n:]
	r.mu.Unlock()
	if n == 0 {
		<-r.closed
		return 0, io.EOF
	}
	return n, nil
}

func (r *raving) Write(b []byte) (int, error) { return len(b), nil }

func (r *raving) Close() error {
	close(r.closed)
	return nil
}
