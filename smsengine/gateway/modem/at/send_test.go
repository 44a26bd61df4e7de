package at

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/sms"
)

const body = "0011000B915155550521F30000AA05E8329BFD06"

// The ways in which a text is sent, and in which it is not.
func TestSend(t *testing.T) {
	const begin, text = `
		> AT+CMGS=19\r
		`, `
		> 0011000B915155550521F30000AA05E8329BFD06\x1a
		`
	// What ends a dialogue in which the prompt did not come: the next command must not be the text of a message.
	const left = `
		> \x1b
		> AT\r
		< \r\nOK\r\n
		> AT+CSQ\r
		< +CSQ: 1,99\r\nOK\r\n`
	const next = `
		> AT+CSQ\r
		< +CSQ: 1,99\r\nOK\r\n`
	const settled = `
		> AT\r
		< \r\nOK\r\n` + next
	for _, c := range []struct {
		name   string
		script string
		ref    int // -1: none
		left   bool
		class  sms.Class
		fault  bool
	}{
		{"plain", begin + `< \r\n> ` + text + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"echo", begin + `< AT+CMGS=19\r\r\n> ` + text + `< ` + body + `\x1a\r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"prompt without a space", begin + `< \r\n>` + text + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"prompt on a line of its own", begin + `< \r\n>\r\n` + text + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"prompt, its space late", begin + "< \\r\\n>\n. 50ms\n< \\x20" + text + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"several prompts", begin + `< \r\n> > \r\n> ` + text + `< > \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"reports before the prompt", begin + `< \r\n+CMTI: "SM",3\r\n\r\nOK\r\n\r\n> ` + text + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"a text between", begin + `< \r\n> ` + text + `< \r\n+CDS: 18\r\n00062A0391215562301021436580623010214365800000\r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"slow", begin + `< \r\n> ` + text + "< \\r\\n\n. 170s\n" + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + next, 42, true, sms.OK, false},
		{"without OK", begin + `< \r\n> ` + text + `< \r\n+CMGS: 42\r\n` + settled, 42, true, sms.OK, false},
		{"without a reference", begin + `< \r\n> ` + text + `< \r\nOK\r\n` + next, -1, true, sms.OK, false},
		{"a number that tells", begin + `< \r\n> ` + text + `< \r\n+CMS ERROR: 38\r\n` + next, -1, true, sms.Temporary, false},
		{"a number that condemns", begin + `< \r\n> ` + text + `< \r\n+CMS ERROR: 304\r\n` + next, -1, true, sms.Permanent, false},
		{"a number that does not tell", begin + `< \r\n> ` + text + `< \r\n+CMS ERROR: 500\r\n` + next, -1, true, sms.Uncertain, false},
		{"words that tell", begin + `< \r\n> ` + text + `< \r\n+CMS ERROR: no network service\r\n` + next, -1, true, sms.Temporary, false},
		{"words that do not tell", begin + `< \r\n> ` + text + `< \r\n+CMS ERROR: bananas\r\n` + next, -1, true, sms.Uncertain, false},
		{"an error without a number", begin + `< \r\n> ` + text + `< \r\nERROR\r\n` + next, -1, true, sms.Uncertain, false},
		{"silence", begin + `< \r\n> ` + text + "\n. 200s\n" + `< \r\n+CMGS: 42\r\n\r\nOK\r\n` + settled, -1, true, sms.Uncertain, false},
		{"unplugged", begin + `< \r\n> ` + text + "\nx", -1, true, sms.Uncertain, false},
		{"an error for a prompt", begin + `< \r\n+CMS ERROR: 310\r\n` + next, -1, false, sms.Temporary, true},
		{"an error that does not tell for a prompt", begin + `< \r\n+CMS ERROR: 500\r\n` + next, -1, false, sms.Temporary, true},
		{"ERROR for a prompt", begin + `< \r\nERROR\r\n` + next, -1, false, sms.Temporary, true},
		{"no prompt", begin + left, -1, false, sms.Temporary, true},
		{"what is no prompt", begin + `< \r\n>no\r\n>>\r\n` + left, -1, false, sms.Temporary, true},
		{"the prompt too late", begin + `
			> \x1b
			. 500ms
			< \r\n>\x20
			> AT\r
			< \r\n>\x20
			> \x1b
			< \r\nOK\r\n` + settled, -1, false, sms.Temporary, true},
		{"unplugged before", begin + "\nx", -1, false, sms.Temporary, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dialogue(t, Options{}, c.script, func(ctx context.Context, conn *Conn) {
				a, err := conn.Send(ctx, "AT+CMGS=19", body)
				if (err == nil) != (c.class == sms.OK) {
					t.Fatalf("%v, %v", a, err)
				}
				if err != nil {
					var sent *SendError
					if !errors.As(err, &sent) || sent.Left != c.left || sent.Cause().Class != c.class || sent.Cause().Fault != c.fault {
						t.Fatalf("%#v", err)
					}
					if conn.Err() != nil {
						return
					}
					if c.name == "silence" {
						time.Sleep(25 * time.Second)
						if u, err := conn.Next(ctx); err != nil || u.Name != "+CMGS" {
							t.Errorf("the late reference: %v %v", u, err)
						}
					}
				} else if ref, err := ParseReference(a); err == nil && int(ref) != c.ref || err != nil && c.ref >= 0 {
					t.Errorf("reference %d, %v", ref, err)
				}
				if c.name == "a text between" {
					if u, err := conn.Next(ctx); err != nil || u.PDU != "00062A0391215562301021436580623010214365800000" {
						t.Errorf("heard %+v, %v", u, err)
					}
				}
				if a, err := conn.Do(ctx, "AT+CSQ"); err != nil || a.Line("+CSQ") == "" {
					t.Errorf("afterwards: %v, %v", a, err)
				}
			})
		})
	}
}

// Who gives up before the prompt has not sent; who gives up after the text may have.
func TestSendIsGivenUp(t *testing.T) {
	dialogue(t, Options{}, `
		> AT+CMGS=19\r
		> \x1b`,
		func(ctx context.Context, c *Conn) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := c.Send(ctx, "AT+CMGS=19", body)
			var sent *SendError
			if !errors.As(err, &sent) || sent.Left || !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	dialogue(t, Options{}, `
		> AT+CMGS=19\r
		< >\x20
		> `+body+`\x1a`,
		func(ctx context.Context, c *Conn) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := c.Send(ctx, "AT+CMGS=19", body)
			var sent *SendError
			if !errors.As(err, &sent) || !sent.Left || sent.Cause().Class != sms.Uncertain {
				t.Error(err)
			}
		})
	closed, other := net.Pipe()
	other.Close()
	c := New(closed, Options{})
	<-c.Done()
	var sent *SendError
	if _, err := c.Send(t.Context(), "AT+CMGS=19", body); !errors.As(err, &sent) || sent.Left || !errors.Is(err, io.EOF) {
		t.Errorf("on a dead port: %v", err)
	}
}
