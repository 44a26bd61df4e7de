package rule

import "time"

// Facts are what is known of a message when rules are asked about it. Texts are
// compared without case; numbers are E.164 with "+", or short codes.
type Facts struct {
	ID         string // the message's
	From, To   string // see the fields of these names
	Sender     string // caller ID that the address or the account asks for
	PhoneAlias string // the number of the account or user: %sender_phonealias%
	Account    string
	User       string
	Domain     string
	Subject    string
	Text       string
	Gateway    string // outgoing: that it is bound to, "" for none; incoming: that brought it
	Door       string
	Headers    []Header // of the mail, in their order, decoded
	Tags       []string
	Size       int64
	Binary     bool
	Reply      bool
	// Routed says of a text from a phone that its recipient is decided already. Of an
	// outgoing message it is whether Gateway is set.
	Routed bool
	// At is the time that rules go by, in the site's zone.
	At time.Time
	// Measure counts the parts of a text and names its alphabet; it is asked only if a
	// rule is. nil: there is one part, of no alphabet.
	Measure func(text string) (parts int, alphabet string)
	// Unknown are the fields that are not known yet; BeforeText at RCPT TO. With any
	// of them the decision is a preview: it has no effects.
	Unknown Fields
	// Past says that the message is one of the past, of which the Unknown fields are
	// not kept: what is certain of the decision is given whole.
	Past bool
}

// Header is a field of a mail's header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
