package tool

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

type mailed struct {
	File        string             `json:"file"`
	Text        string             `json:"text"`
	Subject     string             `json:"subject"`
	Kind        smsengine.MailKind `json:"kind"`
	Refused     string             `json:"refused"`
	Attachments []string           `json:"attachments,omitempty"`
}

// Mail answers for each file, which holds one mail, with the text that would be sent, the kind of the mail, and why one of that
// kind does not become a text unless an account says so. The names of attachments follow if there are any. "-" is the mail on in. The envelope sender is what Return-Path says, or the author. A file that cannot be read is told on errw, and
// then the exit code is 1.
func Mail(args []string, in io.Reader, out, errw io.Writer) int {
	flags := flag.NewFlagSet("postel tool mail", flag.ContinueOnError)
	flags.SetOutput(errw)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(errw, "postel tool mail: name the files that hold the mails, one each; - is standard input")
		return 2
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	code := 0
	for _, name := range flags.Args() {
		m, err := readMail(name, in)
		if err == nil {
			err = encoder.Encode(inspect(name, m))
		}
		if err != nil {
			fmt.Fprintln(errw, "postel tool mail:", err)
			code = 1
		}
	}
	return code
}

func readMail(name string, in io.Reader) (mailbridge.Mail, error) {
	if name == "-" {
		return mailbridge.Read(in)
	}
	f, err := os.Open(name)
	if err != nil {
		return mailbridge.Mail{}, err
	}
	defer f.Close()
	m, err := mailbridge.Read(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return m, err
}

func inspect(name string, m mailbridge.Mail) mailed {
	answer := mailed{File: name, Text: m.Text(), Subject: m.Subject, Kind: m.Kind(envelopeSender(m))}
	answer.Refused = cmp.Or(answer.Kind.Refusal(), m.Why)
	for _, a := range m.Attachments {
		answer.Attachments = append(answer.Attachments, a.Name)
	}
	return answer
}

// envelopeSender gives what the last MTA wrote down of the envelope (RFC 5321 §4.4); "" is the null sender. A mail that says nothing
// about its sender at all is taken for somebody's.
func envelopeSender(m mailbridge.Mail) string {
	switch {
	case m.Header.Has("Return-Path"):
		return strings.Trim(m.Header.Get("Return-Path"), "<> \t")
	case m.From != "":
		return m.From
	}
	return "unknown"
}
