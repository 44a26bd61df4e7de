package wording

var english = Language{
	Tag:     "en",
	Service: "Text message service",

	Delivered: Outcome{"Text delivered: {to}", "Your text to {to} was delivered: the phone confirmed it."},
	Relayed:   Outcome{"Text sent: {to}", "Your text to {to} was handed to the telephone network. No receipt from the phone can be told to you, so this is the last that is known of it."},
	Delayed:   Outcome{"Text delayed: {to}", "Your text to {to} has not been sent yet. You need not send it again."},
	Unsure:    Outcome{"Text perhaps not sent: {to}", "Your text to {to} may or may not have been sent: the answer of the telephone network was lost. It is not repeated by itself, so that nobody gets (and pays for) the same text twice. If it matters, ask the recipient."},
	Failed:    Outcome{"Text not delivered: {to}", "Your text to {to} was not delivered. It is not tried again."},
	Expired:   Outcome{"Text not delivered: {to}", "Your text to {to} was not sent in time. It is not tried again."},
	Perhaps:   Outcome{"Text perhaps not delivered: {to}", "Your text to {to} may or may not have been delivered: no answer came from the telephone network in time. It is not tried again."},

	Until:  "It is tried again until {until}.",
	Reason: "The reason: {reason}",
	Began:  "Parts of the text: {parts}. Parts that left, or may have left: {sent}. The recipient may have got some of it.",
	Cut:    "The text was too long: it was cut after {parts} of {whole} parts.",
	Left:   "Left out of your mail: {what}.",
	Said:   "The text was:",
	Trace:  "Your administrator finds it as message {id}.",

	Passages: Passages{"quoted mail", "the signature", "a footer of your phone or mail program", "a footer of the mailing list", "a disclaimer"},

	From:       "Text from {from}",
	Nobody:     "Text message",
	Unknown:    "Unknown number",
	Mute:       "cannot be answered",
	NameMute:   "This text cannot be answered: its sender has a name in place of a phone number.",
	CodeMute:   "This text cannot be answered from here: {from} is a short number of the telephone network.",
	NobodyMute: "This text cannot be answered: its sender did not show a phone number.",
	Missing:    "[part {part} of {parts} is missing]",
	Gap:        "[...] stands for part {part} of {parts}, which is missing.",
	Data:       "This message is no text. What it holds is attached as it came ({size} octets).",
	Card:       "This message is a business card. It is attached.",
	Event:      "This message is a calendar entry. It is attached.",
	Push:       "This message is a WAP push: it tells a phone to fetch something from the network, such as a picture message. It is attached as it came ({size} octets).",
	Header:     "Its user data header: {header}",
}
