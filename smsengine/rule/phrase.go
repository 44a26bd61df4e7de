package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// phrase says a comparison in plain English: "the number begins with +44 or +353".
// Of a list in a file only the file is named.
func phrase(f Field, d Direction, header, op string, values []string, file string) string {
	if file != "" {
		return noun(f, d, header) + " " + map[string]string{
			opIs: "is a line of ", opStarts: "begins with a line of ", opContains: "contains a line of ", opMatches: "matches a pattern of ",
		}[op] + file
	}
	if op == opIs {
		if said := identity(f, d, header, values); said != "" {
			return said
		}
	}
	verb := map[string]string{opIs: "is", opStarts: "begins with", opContains: "contains", opMatches: "matches"}[op]
	return noun(f, d, header) + " " + verb + " " + oneOf(valuesOf(f, op, values))
}

// identity is what "is" means of fields that English has other words for; "" if it
// has none.
func identity(f Field, d Direction, header string, values []string) string {
	nothing := len(values) == 1 && values[0] == ""
	switch {
	case f == Gateway && d == Incoming:
		return "it came by " + oneOf(values)
	case f == Gateway && nothing:
		return "it is bound to no gateway"
	case f == Gateway:
		return "it is bound to " + oneOf(valuesOf(f, opIs, values))
	case f == Tag && nothing:
		return "it has no tag"
	case f == Tag:
		return "it is tagged " + oneOf(values)
	case f == Door:
		return "it came in through " + oneOf(values)
	case f == HeaderOf && nothing:
		return "there is no header " + header
	case nothing:
		return noun(f, d, header) + " is empty"
	}
	return ""
}

// noun is what a field is called in a sentence.
func noun(f Field, d Direction, header string) string {
	switch {
	case f == From && d == Incoming:
		return "the phone"
	case f == To && d == Incoming:
		return "our number"
	case f == HeaderOf:
		return "the header " + header
	}
	return map[Field]string{
		From: "the sender", To: "the number", Address: "the number with its gateway", Sender: "the caller ID", Account: "the account",
		User: "the user", Domain: "the sender's domain", Subject: "the subject", Gateway: "the gateway", Door: "the door", Text: "the text",
		Alphabet: "the alphabet", Tag: "a tag",
	}[f]
}

// named are values that need no quotes in a sentence.
var named = regexp.MustCompile(`^[\pL\pN_.@+-]+$`)

// valuesOf are values as a sentence has them.
func valuesOf(f Field, op string, values []string) []string {
	said := make([]string, len(values))
	for i, v := range values {
		switch {
		case op == opMatches:
			said[i] = "'" + v + "'"
		case v == "" && f == Gateway:
			said[i] = "no gateway"
		case v == "":
			said[i] = "empty"
		case f != Text && f != Subject && f != HeaderOf && named.MatchString(v):
			said[i] = v
		default:
			said[i] = fmt.Sprintf("%q", v)
		}
	}
	return said
}

// mostSaid is how many values a sentence lists.
const mostSaid = 8

// oneOf is "a, b or c".
func oneOf(said []string) string { return joined(said, "or") }

// joined is "a, b and c", of long lists the beginning.
func joined(said []string, word string) string {
	if rest := len(said) - mostSaid; rest > 1 {
		said = append(slices.Clone(said[:mostSaid]), fmt.Sprintf("%d more", rest))
	}
	if len(said) < 2 {
		return strings.Join(said, "")
	}
	last := len(said) - 1
	return strings.Join(said[:last], ", ") + " " + word + " " + said[last]
}

// phraseAmount says a comparison of what is counted; values are as written.
func phraseAmount(f Field, d Direction, op string, values []string) string {
	bound := oneOf(values)
	switch op {
	case opOver:
		bound = "more than " + bound
	case opUnder:
		bound = "less than " + bound
	case opBetween:
		bound = "from " + values[0] + " to " + values[1]
	}
	switch f {
	case Parts:
		bound = strings.Replace(bound, "less", "fewer", 1)
		if bound == "1" || strings.HasSuffix(bound, " than 1") {
			return "it takes " + bound + " part"
		}
		return "it takes " + bound + " parts"
	case Size:
		return map[Direction]string{Outgoing: "its mail has ", Incoming: "it has "}[d] + withUnit(bound)
	case Hour:
		return "the time is between " + values[0] + " and " + values[1]
	}
	for i, v := range values {
		values[i] = dayNamed(v)
	}
	if op == opBetween {
		return "the day is one from " + values[0] + " to " + values[1]
	}
	return "it is " + oneOf(values)
}

// withUnit says what a size without a unit is counted in.
func withUnit(bound string) string {
	if c := bound[len(bound)-1]; c >= '0' && c <= '9' {
		return bound + " octets"
	}
	return bound
}

func dayNamed(written string) string {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(written, weekday(d)) {
			return d.String()
		}
	}
	return written
}

// phraseFlag says what a field is that is true or not.
func phraseFlag(f Field, d Direction, want bool) string {
	said := map[Field][2]string{
		Binary: {"it is a text", "it is binary"},
		Reply:  {"it answers no text", "it answers a text"},
		Routed: {"it is not bound to a gateway yet", "it is bound to a gateway"},
	}[f]
	if f == Routed && d == Incoming {
		said = [2]string{"nobody is to get it yet", "it is known who gets it"}
	}
	if want {
		return said[1]
	}
	return said[0]
}
