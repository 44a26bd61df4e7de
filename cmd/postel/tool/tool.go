// Package tool holds the small inspectors behind "postel tool": each reads lines on standard input, or files, and
// answers each with one JSON object on a line of its own, so that administrators, scripts and tests can ask what
// Postel makes of something without sending anything.
//
//	postel tool address   what an envelope recipient means
//	postel tool measure   what a text costs and where it is cut
//	postel tool mail      what text a mail becomes, or why none
//	postel tool reply     what a person wrote in the body of a mail
//	postel tool pdu-decode, pdu-encode   short messages as modems give and take them
//
// Passwords and keys are never printed.
package tool

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// tools is the table of inspectors, in the order in which the usage shows them.
var tools = []struct {
	name, summary string
	run           func(args []string, in io.Reader, out, errw io.Writer) int
}{
	{"address", "what an envelope recipient means: one a line", Address},
	{"measure", `what a text costs and where it is cut: {"text"} a line`, Measure},
	{"mail", "what text a mail becomes: one a file", Mail},
	{"reply", `what a person wrote in the body of a mail: {"text"} a line`, Reply},
	{"pdu-decode", `what a short message in PDU mode says: {"pdu","dir","tpdu"} a line`, PDUDecode},
	{"pdu-encode", `the PDUs of a text or data: {"number","text"} and more a line`, PDUEncode},
}

// Run calls the tool that args names and returns the exit code: 0, 1 if some of the input could not be read, 2 for
// wrong usage.
func Run(args []string, in io.Reader, out, errw io.Writer) int {
	if len(args) > 0 {
		for _, t := range tools {
			if t.name == args[0] {
				return t.run(args[1:], in, out, errw)
			}
		}
		fmt.Fprintf(errw, "postel tool: no tool is called %q\n", args[0])
	}
	fmt.Fprintln(errw, "usage: postel tool NAME [OPTIONS] <INPUT, postel tool mail FILE...")
	for _, t := range tools {
		fmt.Fprintf(errw, "  %-10s %s\n", t.name, t.summary)
	}
	return 2
}

// textOf reads a line that holds {"text"}.
func textOf(line string) (string, error) {
	var question struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal([]byte(line), &question); err != nil {
		return "", err
	}
	if question.Text == nil {
		return "", errors.New(`no "text" in this line`)
	}
	return *question.Text, nil
}

// lines hands each line of in, without its line end, to answer and writes what that returns as JSON. It flushes
// whenever the input has nothing more at hand, so that a pipe can be used as a conversation.
func lines(in io.Reader, out io.Writer, answer func(line string) any) error {
	r, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for {
		line, readErr := r.ReadString('\n')
		if line != "" {
			if a := answer(strings.TrimRight(line, "\r\n")); a != nil {
				if err := encoder.Encode(a); err != nil {
					return err
				}
			}
		}
		if readErr != nil || r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// eachText answers each {"text"} on in, as each does.
func eachText(flags *flag.FlagSet, args []string, in io.Reader, out, errw io.Writer, answer func(text string) any) int {
	return each(flags, args, "texts", `{"text"}`, in, out, errw, func(line string) (any, error) {
		text, err := textOf(line)
		if err != nil {
			return nil, err
		}
		return answer(text), nil
	})
}

// each answers each line on in, once the flags are read, and gives the exit code. Blank lines are passed over; a line
// that cannot be read is answered with an error, and then the code is 1. What and form say what the lines are.
func each(flags *flag.FlagSet, args []string, what, form string, in io.Reader, out, errw io.Writer, answer func(line string) (any, error)) int {
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(errw, "%s: %s are read from standard input, %s a line\n", flags.Name(), what, form)
		return 2
	}
	code := 0
	err := lines(in, out, func(line string) any {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		a, err := answer(line)
		if err != nil {
			code = 1
			return unread{err.Error()}
		}
		return a
	})
	if err != nil {
		fmt.Fprintf(errw, "%s: %v\n", flags.Name(), err)
		return 1
	}
	return code
}
