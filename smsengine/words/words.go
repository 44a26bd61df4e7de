// Package words makes the text of a mail: of its passages those that the terms
// leave in, and of them and what else is known of the mail what a template says.
// It is pure.
package words

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Ways to deal with attachments: the values of the key attachments.
const (
	AttachmentsLeaveOut = "leave-out"
	AttachmentsName     = "name"
	AttachmentsLink     = "link"
)

// Strippable are the kinds of passages that can be left out.
var Strippable = []smsengine.PassageKind{
	smsengine.PassageQuote, smsengine.PassageSignature, smsengine.PassageMobile,
	smsengine.PassageList, smsengine.PassageDisclaimer,
}

// Form is how the text of a mail is made.
type Form struct {
	Template    Template
	Strip       []string       // kinds of passages
	Attachments string         // AttachmentsLeaveOut, ...
	Location    *time.Location // of dates; nil: that of the mail
}

// Made is the text of a mail.
type Made struct {
	Text    string
	LeftOut []smsengine.PassageKind // of what there was
	Links   bool                    // attachments' addresses stand in it
}

// Make makes the text.
func Make(m *smsengine.Mail, f Form) Made {
	own, left := keep(m.Passages, f.Strip)
	made := Made{LeftOut: left}
	files, links := attachments(m.Attachments, f.Attachments)
	value := func(name string) string {
		switch name {
		case "text":
			return own
		case "subject":
			return m.Subject
		case "from":
			return m.From
		case "name":
			if m.Name == "" {
				return m.From
			}
			return m.Name
		case "date":
			return date(m.Date, f.Location)
		case "size":
			return size(m.Size)
		default:
			return files
		}
	}
	made.Text = f.Template.Expand(value)
	made.Links = links
	if files != "" && !f.Template.Uses("attachments") {
		made.Text = strings.TrimLeft(made.Text+"\n"+files, "\n")
	}
	return made
}

// keep joins the passages that stay, and says which kinds went. What is left of
// the blank lines around those that went is one.
func keep(all []smsengine.Passage, strip []string) (text string, left []smsengine.PassageKind) {
	var stay []string
	for _, p := range all {
		if p.Kind != smsengine.PassageOwn && slices.Contains(strip, string(p.Kind)) {
			if strings.TrimSpace(p.Text) != "" && !slices.Contains(left, p.Kind) {
				left = append(left, p.Kind)
			}
			stay = append(stay, "")
			continue
		}
		stay = append(stay, p.Text)
	}
	text = strings.Join(stay, "\n")
	if len(left) > 0 {
		for strings.Contains(text, "\n\n\n") {
			text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
		}
	}
	return strings.Trim(trimLines(text), "\n"), left
}

// trimLines takes the spaces off the ends of the lines: nobody sees them, and
// they cost.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Join(lines, "\n")
}

// attachments names the files: each with its address on a line of its own, or
// all in brackets. links reports whether there are addresses.
func attachments(all []smsengine.Attachment, how string) (text string, links bool) {
	if len(all) == 0 || how == AttachmentsLeaveOut {
		return "", false
	}
	var names, lines []string
	for _, a := range all {
		name := a.Name
		if name == "" {
			name = a.Type
		}
		if how == AttachmentsLink && a.URL != "" {
			lines = append(lines, name+": "+a.URL)
		} else {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		lines = append([]string{"[" + strings.Join(names, ", ") + "]"}, lines...)
	}
	return strings.Join(lines, "\n"), len(lines) > 1 || len(names) == 0
}

func date(t time.Time, in *time.Location) string {
	if t.IsZero() {
		return ""
	}
	if in != nil {
		t = t.In(in)
	}
	return t.Format("2006-01-02 15:04")
}

// size is for people: "480 B", "12 KB", "1.4 MB".
func size(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
