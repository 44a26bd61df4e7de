package phone

// Reply is the SMTP reply code that goes with every Error (RFC 5321 §4.2.3: mailbox name not allowed).
const Reply = 553

// Error says why an address that was meant for a phone is refused. It is permanent.
type Error struct {
	Code string // RFC 3463: always 5.1.3, bad destination mailbox address syntax
	Text string // one line of plain ASCII: what is wrong and the remedy, fit for strangers, never holding a secret
}

// Error gives code and text.
func (e *Error) Error() string { return e.Code + " " + e.Text }

func refuse(text string) *Error { return &Error{Code: "5.1.3", Text: text} }

// Texts that several checks share.
const (
	mute        = "nobody can answer this sender: it has no phone number that texts go to"
	onlyOne     = "one number per address, separate them with commas"
	noDomain    = "the address has no domain: write it like +15551234567@sms.example.org"
	tooLongText = "the address is too long for a phone number with its parameters"
	badBytes    = "the address holds control characters or is not UTF-8; write the number with digits only"
	subaddress  = "a subaddress such as /T33S= means nothing to a text message: write the number alone"
	wrongSide   = "parameters go before the @, like sms:+15551234567?maxmsgs=3@example.org"
)
