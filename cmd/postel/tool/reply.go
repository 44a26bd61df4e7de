package tool

import (
	"flag"
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
	return eachText(flags, args, in, out, errw, func(text string) any { return replied{quote.Visible(text)} })
}
