package mailbridge

import (
	"strings"
	"time"
)

// calendarLine makes one line of an invitation (RFC 5545): what, when, where.
func calendarLine(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	var what, when, where string
	inside := false
	for line := range strings.Lines(text) {
		head, value, ok := cutProperty(strings.TrimRight(line, "\n"))
		if !ok {
			continue
		}
		name, params, _ := strings.Cut(head, ";")
		switch name = strings.ToUpper(name); {
		case name == "BEGIN":
			inside = strings.EqualFold(value, "VEVENT") || strings.EqualFold(value, "VTODO")
		case name == "END" && inside:
			return joinWords(what, when, where)
		case !inside:
		case name == "SUMMARY":
			what = oneLine(unescapeText(value))
		case name == "LOCATION":
			where = oneLine(unescapeText(value))
		case name == "DTSTART":
			when = eventTime(value, params)
		}
	}
	return joinWords(what, when, where)
}

func joinWords(words ...string) string {
	var some []string
	for _, w := range words {
		if w != "" {
			some = append(some, w)
		}
	}
	return strings.Join(some, ", ")
}

// cutProperty cuts at the first colon outside quoted strings.
func cutProperty(line string) (head, value string, ok bool) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return "", "", false
}

// unescapeText undoes RFC 5545 §3.3.11.
func unescapeText(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\;`, ";", `\,`, ",").Replace(s)
}

// eventTime writes a date (RFC 5545 §3.3.5), with the time zone that it names.
func eventTime(value, params string) string {
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t.Format("2006-01-02 15:04") + " UTC"
	}
	if t, err := time.Parse("20060102T150405", value); err == nil {
		at := t.Format("2006-01-02 15:04")
		for p := range strings.SplitSeq(params, ";") {
			if name, zone, _ := strings.Cut(p, "="); strings.EqualFold(name, "TZID") {
				if zone = oneLine(strings.Trim(zone, `"`)); zone != "" {
					at += " (" + bounded(zone, 60) + ")"
				}
			}
		}
		return at
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t.Format("2006-01-02")
	}
	return ""
}
