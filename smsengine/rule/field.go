package rule

import "slices"

// Field is what a condition is about.
type Field uint8

// The fields.
const (
	From     Field = iota // who wrote it: a mailbox (outgoing), a phone (incoming)
	To                    // the phone (outgoing), our number (incoming)
	Address               // outgoing: To, with "@gateway" where it is bound to one
	Sender                // outgoing: the caller ID that was asked for
	Account               // outgoing: who pays
	User                  // outgoing: who signed in
	Domain                // outgoing: of From
	Subject               // outgoing: of the mail
	Gateway               // that it is bound to (outgoing), that brought it (incoming)
	Door                  // that it came in through
	Text                  // what it says
	Alphabet              // "gsm7", "ucs2" or "binary"
	Tag                   // what rules have called it; there may be several
	HeaderOf              // outgoing: a header field of the mail, by its name; may repeat
	Parts                 // SMS that it takes
	Size                  // octets: of the mail, or of the text
	Hour                  // time of day at the site
	Weekday               // at the site
	Binary                // it has data and no text
	Reply                 // outgoing: it answers a text
	Routed                // it is decided already where it goes
	fieldCount
)

// texts is how many of the fields, the first, have one text for a value.
const texts = int(Alphabet) + 1

// form is what a field's values look like.
type form uint8

const (
	words  form = iota // compared without case
	number             // a phone, compared without what people put between digits
	count
	octets
	clock
	day
	flag
)

// fields describes them, in their order.
var fields = [fieldCount]struct {
	name     string
	form     form
	incoming bool // texts from phones have it, too
}{
	From:     {"from", number, true},
	To:       {"to", number, true},
	Address:  {"address", number, false},
	Sender:   {"sender", number, false},
	Account:  {"account", words, false},
	User:     {"user", words, false},
	Domain:   {"domain", words, false},
	Subject:  {"subject", words, false},
	Gateway:  {"gateway", words, true},
	Door:     {"door", words, true},
	Text:     {"text", words, true},
	Alphabet: {"alphabet", words, true},
	Tag:      {"tag", words, true},
	HeaderOf: {"header", words, false},
	Parts:    {"parts", count, true},
	Size:     {"size", octets, true},
	Hour:     {"hour", clock, true},
	Weekday:  {"weekday", day, true},
	Binary:   {"binary", flag, true},
	Reply:    {"reply", flag, false},
	Routed:   {"routed", flag, true},
}

// String is the field's name in a file.
func (f Field) String() string { return fields[f].name }

// fieldNamed finds a field of messages of that direction.
func fieldNamed(name string, d Direction) (Field, bool) {
	for f := range fieldCount {
		if fields[f].name == name {
			return f, d == Outgoing || fields[f].incoming
		}
	}
	return 0, false
}

// fieldNames lists those of a direction.
func fieldNames(d Direction) (names []string) {
	for _, f := range fields {
		if d == Outgoing || f.incoming {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// Fields is a set of fields.
type Fields uint32

// BeforeText are the fields that are not known at RCPT TO.
const BeforeText = 1<<Subject | 1<<Text | 1<<Alphabet | 1<<HeaderOf | 1<<Parts | 1<<Size | 1<<Binary | 1<<Reply

// FieldSet makes a set.
func FieldSet(fs ...Field) (set Fields) {
	for _, f := range fs {
		set |= 1 << f
	}
	return set
}

// Has reports whether f is one of them.
func (fs Fields) Has(f Field) bool { return fs&(1<<f) != 0 }

// Names are those of the fields, as files have them.
func (fs Fields) Names() (all []string) {
	for f := range fieldCount {
		if fs.Has(f) {
			all = append(all, f.String())
		}
	}
	return all
}

// Direction is which way messages go.
type Direction string

// The directions: from people to phones, and from phones to people.
const (
	Outgoing Direction = "outgoing"
	Incoming Direction = "incoming"
)
