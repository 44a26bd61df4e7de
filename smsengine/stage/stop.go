package stage

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
)

// stop notes that a phone's owner wants no more texts from this number of ours,
// or wants them again. The text goes on, so that people see it. Who has a name
// instead of a number gets no texts anyway.
func (c Config) stop(ctx context.Context, d *smsengine.Draft) error {
	if !digits(d.Set.From) || !d.Set.Complete() {
		return nil
	}
	word := keyword(d.Message.Body.Text)
	is := func(w string) bool { return strings.EqualFold(keyword(w), word) }
	what := smsengine.Suppress{Ours: d.Set.To, Theirs: d.Set.From}
	switch {
	case word == "":
	case slices.ContainsFunc(c.Stop, is):
		what.Since = d.Now
		d.Effects = append(d.Effects, what)
		d.Note("no more texts to this phone")
		until := "."
		if len(c.Start) > 0 {
			until = ", until it answers " + c.Start[0] + "."
		}
		tell(d, "With this word the phone's owner asks for no more texts from this number. Postel sends none from now on"+until)
	case slices.ContainsFunc(c.Start, is):
		stopped, err := d.Facts.Suppressed(ctx, d.Set.From)
		if err != nil || !slices.Contains(stopped, d.Set.To) {
			return err
		}
		d.Effects = append(d.Effects, what)
		d.Note("texts to this phone again")
		tell(d, "With this word the phone's owner asks for texts from this number again. Postel sends them from now on.")
	}
	return nil
}

// keyword is a text as it is compared with a keyword: words apart by one space,
// without what stands around them.
func keyword(text string) string {
	outside := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }
	return strings.TrimFunc(strings.Join(strings.Fields(text), " "), outside)
}
