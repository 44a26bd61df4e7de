package at

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// traced runs a dialogue and gives its trace.
func traced(t *testing.T, o Options, script string, f func(ctx context.Context, c *Conn)) string {
	t.Helper()
	var b strings.Builder
	o.Trace = func(l Trace) {
		if l.Time.IsZero() {
			t.Error("a trace without a time")
		}
		b.WriteString(l.String() + "\n")
	}
	dialogue(t, o, script, f)
	return b.String()
}

func TestTrace(t *testing.T) {
	got := traced(t, Options{}, `
		> AT+CSQ\r
		< AT+CSQ\r\r\n+CSQ: 17,99\r\n\x00\xff\r\n+CMTI: "SM",1\r\nOK\r\n
		> AT+CMGS=19\r
		< \r\n>\x20
		> `+body+`\x1a
		< `+body+`\x1a\r\n+CMGS: 1\r\nOK\r\n`,
		func(ctx context.Context, c *Conn) {
			if _, err := c.Do(ctx, "AT+CSQ"); err != nil {
				t.Error(err)
			}
			if _, err := c.Send(ctx, "AT+CMGS=19", body); err != nil {
				t.Error(err)
			}
		})
	want := `> 7 AT+CSQ
< 7 AT+CSQ
< 14 +CSQ: 17,99
< 19 +CMTI: "SM",1
< 4 OK
> 11 AT+CMGS=19
< 5 prompt
> 41 (40 characters) Ctrl-Z
< 42 (40 characters)
< 10 +CMGS: 1
< 4 OK
`
	if got != want {
		t.Errorf("traced:\n%s\nwant:\n%s", got, want)
	}
}

// No PIN is in a trace or an error, however it is sent, echoed, torn or repeated.
func TestNoPINLeaks(t *testing.T) {
	for _, command := range []string{
		`AT+CPIN=7391`, `AT+CPIN="7391"`, `at+cpin="82645173","7391"`, `AT+CPWD="SC","7391","8264"`, `AT+CLCK="SC",1,"7391"`,
		`AT+CMEE=1;+CPIN=7391`, `AT^CPIN="7391"`, `AT+EPIN=1,"7391"`,
	} {
		for _, echo := range []string{
			``, command + `\r`, `\xff` + command + `\r`, command[3:] + `\r\n`, command[:len(command)-3] + `\r\n` + command[len(command)-3:] + `\r\n`,
			strings.ReplaceAll(command, "739", `739\r\n`) + `\r\n`, `N=7391\r\n7391\r\n`, `AT+C\x01\xfeX=7391\r\n`,
		} {
			for _, result := range []string{`OK\r\n`, `ERROR\r\n`, `+CME ERROR: 16\r\n`, `+CME ERROR: incorrect password 7391\r\n`} {
				for _, texts := range []bool{false, true} {
					var errs []string
					script := "> " + command + "\\r\n< " + echo + "\n< " + result + "\n. 10ms\n< \\r\\n7391\\r\\nPIN=7391\\r\\n"
					trace := traced(t, Options{Texts: texts}, script, func(ctx context.Context, c *Conn) {
						_, err := c.Do(ctx, command)
						errs = append(errs, fmt.Sprintf("%v %+v", err, err))
						time.Sleep(time.Second)
						for {
							short, cancel := context.WithTimeout(ctx, time.Second)
							u, err := c.Next(short)
							cancel()
							if err != nil {
								break
							}
							errs = append(errs, u.String())
						}
					})
					for _, secret := range []string{"7391", "739", "8264", "391"} {
						if strings.Contains(trace, secret) && strings.Contains(command, secret) {
							t.Fatalf("%s in the trace of %s:\n%s", secret, script, trace)
						}
						if got := strings.Join(errs, "\n"); strings.Contains(got, secret) && !strings.Contains(result, secret) {
							t.Fatalf("%s in the error of %s:\n%s", secret, script, got)
						}
					}
				}
			}
		}
	}
	trace := traced(t, Options{}, "> AT+CPIN=7391\\r", func(ctx context.Context, c *Conn) {
		_, err := c.Do(ctx, "AT+CPIN=7391")
		if err == nil || strings.Contains(err.Error(), "7391") {
			t.Errorf("silence: %v", err)
		}
	})
	if trace != "> 13 AT+CPIN=***\n" {
		t.Errorf("traced:\n%s", trace)
	}
}

// No text, nor a piece of one, is in a trace, unless it is asked for.
func TestNoTextLeaks(t *testing.T) {
	const secret = "536563726574"
	pdu := "00040B915155550521F300006230102143658006" + secret
	script := `
		> AT+CMGL=4\r
		< \r\n+CMGL: 1,1,,25\r\n` + pdu + `\r\n+CMGL: 2,1,,25\r\n` + pdu[20:] + `\r\n` + secret + `\r\n+CMT: ,25\r\n` + pdu + `\r\nOK\r\n
		> AT+CMGR=1\r
		< \r\n+CMGR: 1,"",25\r\n\xff` + strings.ToLower(pdu) + `\r\nOK\r\n
		> AT+CSQ\r
		< \r\n+CSQ: 1,99\r\n+CDS: 25\r\n` + pdu + `\r\n` + secret + `\r\n+CMT: "+15555550123",,"26/03/01,12:00:00+08"\r\n+FOO: ` + secret + `\r\nOK\r\n
		> AT+CMGS=25\r
		< \r\n>\x20
		> ` + pdu + `\x1a
		< ` + pdu[:30] + `\r\n` + pdu[30:] + `\x1a\r\n+CMGS: 7,"` + pdu + `"\r\nOK\r\n
		> AT+CUSD=1,"*101*` + secret + `#",15\r
		< OK\r\n+CUSD: 0,"Your voucher\n` + secret + `\nOK is used",15\r\n
		< ` + secret + `\r\n` + pdu + ` and more\r\n
	`
	run := func(o Options) string {
		return traced(t, o, script, func(ctx context.Context, c *Conn) {
			for _, command := range []string{"AT+CMGL=4", "AT+CMGR=1", "AT+CSQ"} {
				if _, err := c.Do(ctx, command); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.Send(ctx, "AT+CMGS=25", pdu); err != nil {
				t.Error(err)
			}
			if _, err := c.Do(ctx, `AT+CUSD=1,"*101*`+secret+`#",15`); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
		})
	}
	trace := run(Options{})
	if strings.Contains(strings.ToUpper(trace), secret) || strings.Contains(trace, "voucher") || strings.Contains(trace, "is used") {
		t.Errorf("traced:\n%s", trace)
	}
	if trace := run(Options{Texts: true}); strings.Count(strings.ToUpper(trace), secret) < 10 || !strings.Contains(trace, "voucher") {
		t.Errorf("asked for, and not traced:\n%s", trace)
	}
}

func TestNumbersOfTheModemShow(t *testing.T) {
	trace := traced(t, Options{}, `
		> AT+CGSN\r
		< \r\n351234567890123\r\nOK\r\n
		> AT+CIMI\r
		< \r\n001010123456789\r\nOK\r\n`,
		func(ctx context.Context, c *Conn) {
			for _, command := range []string{"AT+CGSN", "AT+CIMI"} {
				if _, err := c.Do(ctx, command); err != nil {
					t.Error(err)
				}
			}
		})
	if !strings.Contains(trace, "351234567890123") || !strings.Contains(trace, "001010123456789") {
		t.Errorf("traced:\n%s", trace)
	}
}
