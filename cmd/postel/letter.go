package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
)

// letter is a mail as a mail program writes it.
type letter struct {
	from, to, subject, text string
	inReplyTo               string // a Message-ID without angle brackets
}

// send hands the mail to an SMTP server and gives its Message-ID.
func (l letter) send(server string) (id string, err error) {
	id = strings.ToLower(rand.Text()) + "@example.org"
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("From", "<"+l.from+">")
	field("To", "<"+l.to+">")
	field("Subject", mime.QEncoding.Encode("utf-8", l.subject))
	field("Date", time.Now().Format(time.RFC1123Z))
	field("Message-ID", "<"+id+">")
	if l.inReplyTo != "" {
		field("In-Reply-To", "<"+l.inReplyTo+">")
		field("References", "<"+l.inReplyTo+">")
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(l.text + "\n")); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	err = smtp.SendMail(server, nil, l.from, []string{l.to}, []byte(b.String()))
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		err = fmt.Errorf("the server answered %d %s", reply.Code, reply.Msg)
	}
	return id, err
}

func simMailCommand() *command {
	return &command{
		name: "mail", args: "TEXT", short: "write a mail to a phone, as a mail program does",
		long: "Hands a mail to the SMTP socket of the configuration ([smtp], a TCP socket). Whether it\n" +
			"becomes a text depends on whether that socket trusts you.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			var l letter
			fs.StringVar(&l.from, "from", "", "mail `address` that writes")
			fs.StringVar(&l.to, "to", "", "`address` of the phone")
			fs.StringVar(&l.subject, "subject", "", "`subject` of the mail")
			return func(_ context.Context, t *terminal, args []string) error {
				if l.from == "" || l.to == "" || len(args) == 0 {
					return usageError("give --from, --to and a text")
				}
				l.text = strings.Join(args, " ")
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				if cfg.SMTP.Listen.Network != "tcp" {
					return fmt.Errorf("%s has no [smtp] with a TCP socket", *file)
				}
				id, err := l.send(cfg.SMTP.Listen.Address)
				if err == nil {
					t.printf("<%s>\n", id)
				}
				return err
			}
		},
	}
}
