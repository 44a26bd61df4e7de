package at

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// dialogue plays a modem to what f does with a Conn. Each line of the script is one of
//
//	> octets that the modem must get next, in the escapes of Go
//	< octets that it gives
//	. time that it waits
//	x it goes away
//
// Nothing may come from us that the script does not have. Time is that of a bubble: it passes at once.
func dialogue(t *testing.T, o Options, script string, f func(ctx context.Context, c *Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		modem, port := net.Pipe()
		c := New(port, o)
		played := make(chan error, 1)
		go func() {
			played <- play(modem, script)
		}()
		f(t.Context(), c)
		c.Close()
		if err := <-played; err != nil {
			t.Error(err)
		}
		modem.Close()
		if _, err := c.Do(t.Context(), "AT"); err == nil {
			t.Error("a command on a closed port")
		}
	})
}

func play(modem net.Conn, script string) error {
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		action, text, _ := strings.Cut(line, " ")
		octets, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		switch action {
		case ">":
			got := make([]byte, len(octets))
			if n, err := io.ReadFull(modem, got); string(got) != octets {
				return fmt.Errorf("the modem got %q (%v), and wanted %q", got[:n], err, octets)
			}
		case "<":
			if _, err := modem.Write([]byte(octets)); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
		case ".":
			d, err := time.ParseDuration(text)
			if err != nil {
				return err
			}
			time.Sleep(d) // the bubble's
		case "x":
			return modem.Close()
		}
	}
	if rest, err := io.ReadAll(modem); len(rest) > 0 {
		return fmt.Errorf("the modem got %q more (%v)", rest, err)
	}
	return nil
}

// next gives what came by itself.
func next(ctx context.Context, t *testing.T, c *Conn, want ...Unsolicited) {
	t.Helper()
	for _, w := range want {
		short, cancel := context.WithTimeout(ctx, time.Second)
		u, err := c.Next(short)
		cancel()
		if err != nil || u != w {
			t.Errorf("heard %+v, %v, want %+v", u, err, w)
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if u, err := c.Next(short); err == nil {
		t.Errorf("heard %+v, too", u)
	}
}

// One question, and the forms in which modems answer.
func TestDo(t *testing.T) {
	for _, c := range []struct {
		name    string
		command string
		script  string // behind the command
		lines   string // of the answer, by |
		heard   string // names, by |
		err     string
	}{
		{"plain", "AT+CSQ", `< \r\n+CSQ: 17,99\r\n\r\nOK\r\n`, "+CSQ: 17,99", "", ""},
		{"echo", "AT+CSQ", `< AT+CSQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n`, "+CSQ: 17,99", "", ""},
		{"CR CR LF", "AT+CSQ", `< \r\r\n+CSQ: 17,99\r\r\n\r\r\nOK\r\r\n`, "+CSQ: 17,99", "", ""},
		{"LF alone", "AT+CSQ", `< \n+CSQ: 17,99\nOK\n`, "+CSQ: 17,99", "", ""},
		{"CR alone", "AT+CSQ", `< +CSQ: 17,99\rOK\r`, "+CSQ: 17,99", "", ""},
		{"echo in the same line", "AT+CPIN?", `< AT+CPIN?+CPIN: READY\r\nOK\r\n`, "+CPIN: READY", "", ""},
		{"echo in small letters", "AT+CSQ", `< at+csq\r\n+CSQ: 17,99\r\nOK\r\n`, "+CSQ: 17,99", "", ""},
		{"noise", "AT+CSQ", `< \xff\xfe\x00\r\n\x00+CSQ: 17,99\r\n\x80\xfeO\x00K\r\n`, "+CSQ: 17,99", "", ""},
		{"halves", "AT+CSQ", "< \\r\\n+CS\n. 100ms\n< Q: 17\n. 3s\n< ,99\\r\\n\\r\\nO\n. 100ms\n< K\\r\\n", "+CSQ: 17,99", "", ""},
		{"no name", "AT+CGSN", `< \r\n351234567890123\r\n\r\nOK\r\n`, "351234567890123", "", ""},
		{"reports before", "AT+CSQ", `< \r\n+CMTI: "SM",3\r\n^RSSI: 20\r\n+CSQ: 17,99\r\nOK\r\n`, "+CSQ: 17,99", "+CMTI|^RSSI", ""},
		{"reports between", "AT+CSQ", `< +CSQ: 17,99\r\nRING\r\n+CREG: 1\r\nNO CARRIER\r\nOK\r\n`, "+CSQ: 17,99", "RING|+CREG|NO CARRIER", ""},
		{"reports behind", "AT+CSQ", `< +CSQ: 17,99\r\nOK\r\n+CDSI: "SR",1\r\nRDY\r\n`, "+CSQ: 17,99", "+CDSI|RDY", ""},
		{"a report of the same name", "AT+CREG?", `< +CREG: 2,"00C3","A1B2"\r\n+CREG: 2,1,"00C3","A1B2"\r\nOK\r\n`, `+CREG: 2,1,"00C3","A1B2"`, "+CREG", ""},
		{"a short report of the same name", "AT+CREG?", `< +CREG: 5\r\n+CREG: 0,1\r\nOK\r\n`, "+CREG: 0,1", "+CREG", ""},
		{"setting what reports", "AT+CREG=2", `< +CREG: 1\r\nOK\r\n`, "", "+CREG", ""},
		{"USSD before the OK", `AT+CUSD=1,"*100#",15`, `< +CUSD: 0,"7.50 EUR",15\r\nOK\r\n`, "", "+CUSD", ""},
		{"several commands", "AT+CMEE=1;+CREG?", `< +CREG: 0,1\r\nOK\r\n`, "+CREG: 0,1", "", ""},
		{"a vendor's name", "AT+CCID", `< +ICCID: 8949000000000000000\r\nOK\r\n`, "+ICCID: 8949000000000000000", "", ""},
		{"error", "AT+CSQ", `< \r\nERROR\r\n`, "", "", "AT+CSQ: ERROR"},
		{"number", "AT+CPIN?", `< \r\n+CME ERROR: 10\r\n`, "", "", "AT+CPIN?: +CME ERROR: 10"},
		{"number without spaces", "AT+CMGD=1", `< \r\n+CMS ERROR:321\r\n`, "", "", "AT+CMGD=1: +CMS ERROR:321"},
		{"words", "AT+CPIN?", `< \r\n+CME ERROR: SIM not inserted\r\n`, "", "", "AT+CPIN?: +CME ERROR: SIM not inserted"},
		{"nothing behind", "AT+CPIN?", `< \r\n+CME ERROR:\r\n`, "", "", "AT+CPIN?: +CME ERROR:"},
		{"vendor", "AT+CPINR", `< \r\nCOMMAND NOT SUPPORT\r\n`, "", "", "AT+CPINR: COMMAND NOT SUPPORT"},
		{"no call", "ATD5550123;", `< \r\nNO CARRIER\r\n`, "", "", "ATD5550123;: NO CARRIER"},
		{"without OK", "AT+CPIN?", `< \r\n+CPIN: READY\r\n`, "+CPIN: READY", "", ""},
		{"a text in a listing", "AT+CMGL=4",
			`< +CMGL: 1,1,,19\r\n+CMT: ,20\r\n00040B915155550521F30000623010214365800600000000FFFF\r\n00040B915155550521F300006230102143658001C1\r\n+CMGL: 2,1,,19\r\n00040B915155550521F300006230102143658001C2\r\nOK\r\n`,
			"+CMGL: 1,1,,19|00040B915155550521F300006230102143658001C1|+CMGL: 2,1,,19|00040B915155550521F300006230102143658001C2", "+CMT", ""},
		{"a text in a listing, its PDU behind that of the listing", "AT+CMGL=4",
			`< +CMGL: 1,1,,20\r\n+CMT: ,24\r\n00040B915155550521F300006230102143658001C1\r\n00040B915155550521F30000623010214365800500000000FF\r\nOK\r\n`,
			"+CMGL: 1,1,,20|00040B915155550521F300006230102143658001C1", "+CMT", ""},
		{"a text whose PDU comes behind the result", "AT+CSQ", `< +CSQ: 17,99\r\n+CMT: ,19\r\nOK\r\n00040B915155550521F300006230102143658001C1\r\n`, "+CSQ: 17,99", "+CMT", ""},
		{"too long a line", "AT+CSQ", `< ` + strings.Repeat("A", 5000) + `\r\n+CSQ: 17,99\r\nOK\r\n`, "+CSQ: 17,99", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dialogue(t, Options{}, "> "+c.command+"\\r\n"+c.script, func(ctx context.Context, conn *Conn) {
				a, err := conn.Do(ctx, c.command)
				if got := strings.Join(a.Lines, "|"); got != c.lines {
					t.Errorf("answer %q, want %q", got, c.lines)
				}
				if a.WithoutOK != (c.name == "without OK") {
					t.Errorf("without OK: %v", a.WithoutOK)
				}
				if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
					t.Errorf("error %v, want %q", err, c.err)
				}
				synctest.Wait()
				time.Sleep(time.Second)
				for _, name := range strings.Split(c.heard, "|") {
					if name == "" {
						break
					}
					short, cancel := context.WithTimeout(ctx, time.Second)
					u, err := conn.Next(short)
					cancel()
					if err != nil || u.Name != name || u.carries() && u.PDU == "" {
						t.Errorf("heard %+v, %v, want %s", u, err, name)
					}
				}
				next(ctx, t, conn)
			})
		})
	}
}

// What goes on in further lines, and what does not come to its end.
func TestUnsolicited(t *testing.T) {
	const pdu = "00040B915155550521F300006230102143658001C1"
	for _, c := range []struct {
		name, script string
		heard        []Unsolicited
	}{
		{"USSD of several lines", `< \r\n+CUSD: 1,"1 Balance\n2 Top up\r\n3 OK",15\r\n^RSSI: 9\r\n`,
			[]Unsolicited{{"+CUSD", "+CUSD: 1,\"1 Balance\n2 Top up\n3 OK\",15", ""}, {"^RSSI", "^RSSI: 9", ""}}},
		{"USSD without an end", `< \r\n+CUSD: 1,"1 Bal\r\n` + strings.Repeat(`x\r\n`, maxJoined) + `^RSSI: 9\r\n`,
			[]Unsolicited{{"+CUSD", "+CUSD: 1,\"1 Bal" + strings.Repeat("\nx", maxJoined), ""}, {"^RSSI", "^RSSI: 9", ""}}},
		{"a text", `< \r\n+CMT: ,20\r\n` + pdu + `\r\n`, []Unsolicited{{"+CMT", "+CMT: ,20", pdu}}},
		{"a report, lines between", `< \r\n+CDS: 20\r\n^RSSI: 9\r\n` + pdu + `\r\n`,
			[]Unsolicited{{"^RSSI", "^RSSI: 9", ""}, {"+CDS", "+CDS: 20", pdu}}},
		{"a text that got lost", `< \r\n+CMT: ,20\r\n^A: 1\r\n^A: 2\r\n^A: 3\r\n^A: 4\r\n` + pdu + `\r\n`,
			[]Unsolicited{{"^A", "^A: 1", ""}, {"^A", "^A: 2", ""}, {"^A", "^A: 3", ""}, {"+CMT", "+CMT: ,20", ""}, {"^A", "^A: 4", ""}, {"", pdu, ""}}},
		{"a text that got lost before another", `< \r\n+CMT: ,20\r\n+CMT: ,20\r\n` + pdu + `\r\n`,
			[]Unsolicited{{"+CMT", "+CMT: ,20", ""}, {"+CMT", "+CMT: ,20", pdu}}},
		{"in text mode", `< \r\n+CMT: "+15555550123",,"26/03/01,12:00:00+08"\r\n+CMTI: is what I say\r\n`,
			[]Unsolicited{{"+CMT", `+CMT: "+15555550123",,"26/03/01,12:00:00+08"`, "+CMTI: is what I say"}}},
		{"words", `< \r\nRING\r\nCall Ready\r\nNO CARRIER\r\n*PSUTTZ: 26\r\nwhat?\r\n`,
			[]Unsolicited{{"RING", "RING", ""}, {"CALL READY", "Call Ready", ""}, {"NO CARRIER", "NO CARRIER", ""}, {"*PSUTTZ", "*PSUTTZ: 26", ""}, {"", "what?", ""}}},
		{"a late result", `< \r\n+CMGS: 7\r\nOK\r\n`, []Unsolicited{{"+CMGS", "+CMGS: 7", ""}, {"", "OK", ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dialogue(t, Options{}, c.script, func(ctx context.Context, conn *Conn) { next(ctx, t, conn, c.heard...) })
		})
	}
}

// A command that was given up does not lend its late answer to the next.
func TestSilence(t *testing.T) {
	dialogue(t, Options{}, `
		> AT+COPS?\r
		. 17s
		< \r\n+COPS: 0\r\n\r\nOK\r\n
		. 100ms
		> AT\r
		< \r\nOK\r\n
		> AT+CSQ\r
		< \r\n+CSQ: 17,99\r\n\r\nOK\r\n
		> AT+CSQ\r
		< \r\n+CSQ: 18,99\r\n\r\nOK\r\n`,
		func(ctx context.Context, c *Conn) {
			begin := time.Now()
			_, err := c.Do(ctx, "AT+COPS?")
			var silence *SilenceError
			if !errors.As(err, &silence) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 16*time.Second {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
			time.Sleep(time.Second - 50*time.Millisecond)
			for _, want := range []string{"+CSQ: 17,99", "+CSQ: 18,99"} {
				if a, err := c.Do(ctx, "AT+CSQ"); err != nil || a.Line("+CSQ") != want {
					t.Errorf("%v, %v", a, err)
				}
			}
			next(ctx, t, c, Unsolicited{Name: "+COPS", Line: "+COPS: 0"}, Unsolicited{Line: "OK"})
		})
}

func TestDoTakesTurns(t *testing.T) {
	dialogue(t, Options{Rest: time.Second}, `
		> AT+CSQ\r
		. 5s
		< \r\n+CSQ: 17,99\r\n\r\nOK\r\n
		> AT+CSQ\r
		< \r\n+CSQ: 17,99\r\n\r\nOK\r\n`,
		func(ctx context.Context, c *Conn) {
			begin, done := time.Now(), make(chan time.Duration, 2)
			for range 2 {
				go func() {
					if _, err := c.Do(ctx, "AT+CSQ"); err != nil {
						t.Error(err)
					}
					done <- time.Since(begin)
				}()
			}
			if first, second := <-done, <-done; first != 5*time.Second || second != 6*time.Second {
				t.Errorf("done after %v and %v", first, second)
			}
		})
}

func TestRest(t *testing.T) {
	dialogue(t, Options{}, `
		> AT+CPIN=7391\r
		< \r\nOK\r\n
		> AT+CSQ\r
		< \r\n+CSQ: 17,99\r\n\r\nOK\r\n`,
		func(ctx context.Context, c *Conn) {
			if _, err := c.Do(ctx, "AT+CPIN=7391"); err != nil {
				t.Error(err)
			}
			if err := c.Rest(ctx, 2*time.Second); err != nil {
				t.Error(err)
			}
			begin := time.Now()
			if _, err := c.Do(ctx, "AT+CSQ"); err != nil || time.Since(begin) != 2*time.Second {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
		})
}

func TestNobodyWaits(t *testing.T) {
	dialogue(t, Options{}, "", func(ctx context.Context, c *Conn) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for range 20 {
			if _, err := c.Do(ended, "AT+CSQ"); !errors.Is(err, context.Canceled) {
				t.Errorf("a context that has ended: %v", err)
			}
		}
	})
}

// A modem that stays silent is not given the next command at all.
func TestSilenceGoesOn(t *testing.T) {
	dialogue(t, Options{}, `
		> AT+CSQ\r
		> AT\r
		> \x1b
		> AT\r
		> \x1b
		> AT\r`,
		func(ctx context.Context, c *Conn) {
			for range 2 {
				var silence *SilenceError
				if _, err := c.Do(ctx, "AT+CSQ"); !errors.As(err, &silence) {
					t.Errorf("%v", err)
				}
			}
		})
}

func TestLinesThatAreTwo(t *testing.T) {
	dialogue(t, Options{}, "", func(ctx context.Context, c *Conn) {
		for _, bad := range []string{"AT\rATD1", "AT\n", "AT\x1a", "AT\x1b", "ATé"} {
			if _, err := c.Do(ctx, bad); !errors.Is(err, ErrLine) {
				t.Errorf("%q: %v", bad, err)
			}
			if _, err := c.Send(ctx, "AT+CMGS=1", bad); !errors.Is(err, ErrLine) {
				t.Errorf("body %q: %v", bad, err)
			}
		}
	})
}

func TestUnplugged(t *testing.T) {
	dialogue(t, Options{}, `
		< \r\n+CMTI: "SM",1\r\n
		> AT+CSQ\r
		x`,
		func(ctx context.Context, c *Conn) {
			if _, err := c.Do(ctx, "AT+CSQ"); !errors.Is(err, io.EOF) {
				t.Errorf("while it waits: %v", err)
			}
			<-c.Done()
			if _, err := c.Do(ctx, "AT"); !errors.Is(err, io.EOF) || !errors.Is(c.Err(), io.EOF) {
				t.Errorf("afterwards: %v, %v", err, c.Err())
			}
			if u, err := c.Next(ctx); err != nil || u.Name != "+CMTI" {
				t.Errorf("what came before: %v %v", u, err)
			}
			if _, err := c.Next(ctx); !errors.Is(err, io.EOF) {
				t.Errorf("nothing more: %v", err)
			}
		})
}

func TestWake(t *testing.T) {
	for name, script := range map[string]string{
		"at once": `
			> \x1b
			. 50ms
			> AT\r
			< AT\r\r\nOK\r\n`,
		"a prompt that ESC leaves": `
			> \x1b
			< \r\nOK\r\n
			> AT\r
			< \r\nOK\r\n`,
		"a prompt that only Ctrl-Z leaves": `
			> \x1b
			> AT\r
			< \r\n>
			> \x1a
			< \r\n+CMS ERROR: 304\r\n
			> AT\r
			< \r\nOK\r\n`,
		"late": `
			> \x1b
			> AT\r
			> \x1a
			> AT\r
			> AT\r
			. 1500ms
			< \r\nOK\r\n`,
		"an error is an answer": `
			> \x1b
			> AT\r
			< \r\nERROR\r\n`,
	} {
		t.Run(name, func(t *testing.T) {
			dialogue(t, Options{}, script, func(ctx context.Context, c *Conn) {
				if err := c.Wake(ctx, 3); err != nil {
					t.Error(err)
				}
			})
		})
	}
	dialogue(t, Options{}, `
		> \x1b
		> AT\r
		> \x1a
		> AT\r`,
		func(ctx context.Context, c *Conn) {
			var silence *SilenceError
			begin := time.Now()
			if err := c.Wake(ctx, 2); !errors.As(err, &silence) || time.Since(begin) > 5*time.Second {
				t.Errorf("nobody there: %v after %v", err, time.Since(begin))
			}
		})
}

// A serial port with a time-out reads nothing, often: that is no end, and takes no processor time.
func TestEmptyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &emptyPort{closed: make(chan struct{})}
		c := New(p, Options{})
		time.Sleep(10 * time.Second)
		if n := p.reads.Load(); n > 1001 || n < 100 {
			t.Errorf("%d reads in ten seconds", n)
		}
		if err := c.Err(); err != nil {
			t.Errorf("ended: %v", err)
		}
		c.Close()
		synctest.Wait()
	})
}

type emptyPort struct {
	reads  atomic.Int64
	closed chan struct{}
}

func (p *emptyPort) Read([]byte) (int, error) {
	select {
	case <-p.closed:
		return 0, io.EOF
	default:
		p.reads.Add(1)
		return 0, nil
	}
}
func (p *emptyPort) Write(b []byte) (int, error) { <-p.closed; return 0, io.EOF }
func (p *emptyPort) Close() error                { close(p.closed); return nil }

// A port that takes nothing, as with a modem that holds up the flow, is given up.
func TestStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(&emptyPort{closed: make(chan struct{})}, Options{})
		begin := time.Now()
		if _, err := c.Do(t.Context(), "AT"); !errors.Is(err, errStuck) || time.Since(begin) != 17*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if !errors.Is(c.Err(), errStuck) {
			t.Errorf("ended with %v", c.Err())
		}
	})
}

func TestFlood(t *testing.T) {
	dialogue(t, Options{}, "", func(ctx context.Context, c *Conn) {
		c.mu.Lock()
		for i := range 3 * maxChatter {
			c.keep(Unsolicited{Name: "^RSSI", Line: strconv.Itoa(i)})
			c.keep(Unsolicited{Name: "+CMT", PDU: strconv.Itoa(i)})
		}
		c.mu.Unlock()
		messages, chatter := 0, 0
		for range 4 * maxChatter {
			u, err := c.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if u.Name == "+CMT" {
				if u.PDU != strconv.Itoa(messages) {
					t.Fatalf("message %d is %s", messages, u.PDU)
				}
				messages++
			} else {
				chatter++
			}
		}
		if messages != 3*maxChatter || chatter != maxChatter {
			t.Errorf("%d messages, %d of chatter", messages, chatter)
		}
		next(ctx, t, c)
	})
}
