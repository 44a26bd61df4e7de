package tool

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

type measured struct {
	Alphabet sms.Alphabet `json:"alphabet"`
	Units    int          `json:"units"`
	Parts    int          `json:"parts"`
	Language string       `json:"language,omitempty"` // whose national tables it uses
	Shift    string       `json:"shift,omitempty"`    // which of them: "single", "locking" or "single+locking"
	Cut      []string     `json:"cut"`                // as sent, in near characters if it was transliterated
}

// languages is a flag that takes names with commas between them, and may be repeated.
type languages []sms.Language

func (l *languages) String() string { return "" }

func (l *languages) Set(value string) error {
	more, err := sms.ParseLanguages(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }))
	for _, language := range more {
		if !slices.Contains(*l, language) {
			*l = append(*l, language)
		}
	}
	return err
}

// UnmarshalJSON reads what Set reads, or a list of names.
func (l *languages) UnmarshalJSON(b []byte) error {
	var names []string
	if json.Unmarshal(b, &names) != nil {
		var text string
		if json.Unmarshal(b, &text) != nil {
			return errors.New(`"languages": want a list of names such as ["turkish"], or "all"`)
		}
		names = []string{text}
	}
	if err := l.Set(strings.Join(names, ",")); err != nil {
		return fmt.Errorf(`"languages": %w`, err)
	}
	return nil
}

type unread struct {
	Error string `json:"error"`
}

// Measure answers each {"text"} on in with what the text costs and the texts of its parts. Blank lines are passed
// over; a line that cannot be read is answered with an error, and then the exit code is 1.
func Measure(args []string, in io.Reader, out, errw io.Writer) int {
	flags := flag.NewFlagSet("postel tool measure", flag.ContinueOnError)
	flags.SetOutput(errw)
	var options sms.Options
	flags.Var((*languages)(&options.Languages), "languages", "national tables that may be used, such as turkish,portuguese, or all")
	flags.BoolVar(&options.Transliterate, "transliterate", false, "put near characters for those that the GSM alphabet lacks")
	return eachText(flags, args, in, out, errw, func(text string) any {
		size, cut := sms.Cut(text, options)
		return measured{size.Alphabet, size.Units, size.Parts, size.Language.String(), size.Shift.String(), cut}
	})
}
