package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/postel-mail/postel/mailbridge/quote"
)

type replied struct {
	Visible string `json:"visible"`
}

// Reply answers each {"text"} on in, the decoded body of a mail, with what its sender wrote: without quotes, signature
// and footers. Blank lines are passed over; a line that cannot be read is answered with an error, and then the exit
// code is 1.
func Reply(args []string, in io.Reader, out, errw io.Writer) int {
	flags := flag.NewFlagSet("postel tool reply", flag.ContinueOnError)
	flags.SetOutput(errw)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(errw, `postel tool reply: texts are read from standard input, {"text"} a line`)
		return 2
	}
	code := 0
	err := lines(in, out, func(line string) any {
		text, err := textOf(line)
		switch {
		case err != nil:
			code = 1
			return unread{err.Error()}
		case text == nil:
			return nil
		}
		return replied{quote.Visible(*text)}
	})
	if err != nil {
		fmt.Fprintln(errw, "postel tool reply:", err)
		return 1
	}
	return code
}
