package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// wanted is a line for pdu-encode.
type wanted struct {
	Number    string    `json:"number"`
	Text      *string   `json:"text"`
	Data      *octets   `json:"data"`
	SMSC      string    `json:"smsc"`
	Class     *int      `json:"class"`
	Ref       uint16    `json:"ref"` // above 255 it takes 16 bits
	Receipt   bool      `json:"receipt"`
	Validity  *validity `json:"validity"`
	Languages languages `json:"languages"`
}

type encoded struct {
	TPDUs   []string `json:"tpdus"`   // for the prompts of AT+CMGS, service centre in front
	Lengths []int    `json:"lengths"` // for its command lines: octets without the service centre
}

const encodeUsage = `Reads a text a line:

  {"number":"+15555550123","text":"hello"}

with, if they are wanted:

  data       hexadecimal digits, instead of text
  smsc       the service centre; else the one that the modem knows
  class      0 (flash) to 3
  ref        what joins the parts of a long text, 0 to 65535; above 255 it takes two octets
  receipt    true asks for a status report
  validity   seconds, a time such as "24h" (both rounded down to what can be written), or its
             end such as "2030-01-31T12:00:00Z"
  languages  national tables that may be used: ["turkish","portuguese"], or "all"

The answer is {"tpdus":["HEX",...],"lengths":[n,...]}, for the prompt of AT+CMGS and its command
line, or {"error"}, and then the exit code is 1.
`

// PDUEncode answers each {"number","text"} on in with the PDUs that take it to the phone. A line that cannot be read is
// answered with an error, and then the exit code is 1.
func PDUEncode(args []string, in io.Reader, out, errw io.Writer) int {
	flags := flag.NewFlagSet("postel tool pdu-encode", flag.ContinueOnError)
	flags.SetOutput(errw)
	flags.Usage = func() { fmt.Fprint(errw, encodeUsage) }
	return each(flags, args, "texts", `{"number","text"}`, in, out, errw, func(line string) (any, error) {
		var q wanted
		if err := question(line, &q); err != nil {
			return nil, err
		}
		return q.encode()
	})
}

func (q wanted) encode() (any, error) {
	submit, service, err := q.envelope()
	if err != nil {
		return nil, err
	}
	split, err := q.split()
	if err != nil {
		return nil, err
	}
	class, err := q.class()
	if err != nil {
		return nil, err
	}
	e := encoded{}
	for _, part := range split.Parts {
		if submit.Content, err = tpdu.NewContent(part, split.Alphabet, class); err != nil {
			return nil, err
		}
		digits, length, err := tpdu.FormatLine(service, &submit)
		if err != nil {
			return nil, err
		}
		e.TPDUs, e.Lengths = append(e.TPDUs, digits), append(e.Lengths, length)
	}
	return e, nil
}

// envelope is what all parts have in common, and the service centre.
func (q wanted) envelope() (submit tpdu.Submit, service tpdu.Address, err error) {
	const form = `want digits, "+15555550123" with country code or "60300"`
	if submit.To, err = tpdu.ParseAddress(q.Number); err != nil {
		return submit, service, fmt.Errorf(`"number" is %q (%w): %s`, q.Number, err, form)
	}
	if q.SMSC != "" {
		if service, err = tpdu.ParseAddress(q.SMSC); err != nil {
			return submit, service, fmt.Errorf(`"smsc" is %q (%w): %s`, q.SMSC, err, form)
		}
	}
	submit.WantReport = q.Receipt
	if q.Validity != nil {
		submit.Validity = q.Validity.Validity
	}
	return submit, service, nil
}

func (q wanted) split() (sms.Split, error) {
	o := sms.Options{Ref: q.Ref, Ref16: q.Ref > 0xff, Languages: q.Languages}
	switch {
	case q.Text != nil && q.Data != nil:
		return sms.Split{}, errors.New(`"text" and "data": want one of them`)
	case q.Data != nil:
		split, err := sms.SplitBinary(*q.Data, nil, o)
		return split, tooLong("data", err)
	case q.Text != nil:
		split, err := sms.SplitText(*q.Text, o)
		return split, tooLong("text", err)
	}
	return sms.Split{}, errors.New(`"text" is missing: want it, or "data" in hexadecimal digits`)
}

func tooLong(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%q: %w: shorten it", field, err)
}

func (q wanted) class() (tpdu.Class, error) {
	if q.Class == nil {
		return tpdu.NoClass, nil
	}
	if *q.Class < 0 || *q.Class > 3 {
		return 0, fmt.Errorf(`"class" is %d: want 0 (shown at once and not kept) to 3`, *q.Class)
	}
	return tpdu.Class(*q.Class), nil
}
