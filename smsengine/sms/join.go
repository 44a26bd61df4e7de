package sms

import "strings"

// Received is one part of a text as it came from the network.
type Received struct {
	Seq, Total int // as in Concat; Total is the same in all parts of one message
	Text       string
}

// Gap stands in a joined text where parts are missing.
const Gap = "[...]"

// Join puts parts together, in any order; of repeated ones the first counts, and those that are not numbered within the
// first one's Total are passed over. missing lists the numbers that did not come; each run of them shows as a Gap.
func Join(parts []Received) (text string, missing []int) {
	if len(parts) == 0 {
		return "", nil
	}
	texts := make([]*string, max(parts[0].Total, 0))
	for i, p := range parts {
		if 1 <= p.Seq && p.Seq <= len(texts) && texts[p.Seq-1] == nil {
			texts[p.Seq-1] = &parts[i].Text
		}
	}
	var b strings.Builder
	gap := false
	for i, t := range texts {
		if t != nil {
			b.WriteString(*t)
			gap = false
			continue
		}
		missing = append(missing, i+1)
		if !gap {
			b.WriteString(Gap)
			gap = true
		}
	}
	return b.String(), missing
}
