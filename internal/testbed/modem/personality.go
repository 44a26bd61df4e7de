package modem

import (
	"maps"
	"time"
)

// Personality is what a model of modem does its own way. The variables of this
// type say where each quirk is known from. "Manual" is the vendor's AT command
// manual of that family, an issue is one of the project named, and "common" is
// what 3GPP TS 27.005 and 27.007 say or what many models do, when nothing better
// was found for this one. A test may change a copy, to have a modem with a quirk
// of another: p := SIM800; p.LineEnd = "\r\r\n".
type Personality struct {
	Name                          string
	Manufacturer, Model, Revision string

	// USB modems take their power from the port: unplugged, they forget. Others
	// go on without it.
	USB bool
	// Times are the model's; Options.Scale says how much of them the test takes.
	Times Times

	// NoEcho has ATE0 hold after power on.
	NoEcho bool
	// LineEnd stands before and behind each response.
	LineEnd string
	// Space stands behind the colon.
	Space string
	// Prompt asks for a PDU.
	Prompt string
	// Unknown is the final result for a command that it does not know.
	Unknown string
	// Interrupts is whether indications come in the middle of a command that takes
	// its time, and not behind its final result.
	Interrupts bool
	// Chatter are lines that it says of its own accord.
	Chatter []string
	// Boot is what it says after power on, SIMReady when the SIM has been read, and
	// SIMGone when it is taken out.
	Boot, SIMReady, SIMGone []string

	// PINWithoutOK answers AT+CPIN? with no final result, QuotedPIN in quotes.
	PINWithoutOK, QuotedPIN bool
	// PUKAtOnce says "PUK required" in answer to the last wrong PIN.
	PUKAtOnce bool
	// InitBusy is its +CME ERROR while the SIM is being read; 0 is 14, SIM busy.
	InitBusy int
	// NeedsSIM are further commands that it refuses until the SIM has been read.
	NeedsSIM map[string]bool
	// TriesLeft words how often PIN and PUK may be tried; the command is in Commands.
	TriesLeft func(pin, puk int) []string

	// Cell stands behind <stat> in +CREG with n=2; Access behind the operator's name.
	Cell, Access string

	// CNMI is its answer to AT+CNMI=?, and what it accepts; Indications what it
	// begins with.
	CNMI        string
	Indications [5]int
	// AnyMode accepts every <mode> of AT+CNMI.
	AnyMode bool
	// Phase2Direct allows direct delivery (<mt> 2 and 3, <ds> 1) with AT+CSMS=1 only.
	Phase2Direct bool
	// NoAck is the final result of AT+CNMA where there is nothing to confirm.
	NoAck string
	// KeepsReports stores reports like texts where AT+CNMI does not want them.
	KeepsReports bool

	// Memories are the lists of AT+CPMS=?; Memory what it begins with; Sizes their sizes.
	Memories      [][]string
	Memory        [3]string
	Sizes         map[string]int
	OuterBrackets bool
	// FirstIndex is the first index of each memory.
	FirstIndex int
	// Alpha stands between <stat> and <length> of +CMGL and +CMGR.
	Alpha string
	// EmptyPlace answers AT+CMGR of an empty place: "" is +CMS ERROR: 321, "OK" that
	// alone, else it is a line.
	EmptyPlace string
	// Full words that a text came and there was no room; nil says nothing.
	Full func(memory string) string
	// ListsTwice has AT+CMGL list all texts twice (gammu issue 378, a Neoway M590).
	ListsTwice bool
	// FullBlocks cannot send while the SIM is full (smstools has a workaround).
	FullBlocks bool
	// PackedUSSD wants and gives USSD as packed septets in hexadecimal digits.
	PackedUSSD bool
	// TextMode holds after power on.
	TextMode bool

	// Commands are its own, or done its own way; nil ones it does not know.
	Commands map[string]handler
}

// Times are how long a model takes.
type Times struct {
	Answer time.Duration // to any command
	Prompt time.Duration // until it asks for a PDU
	Send   time.Duration // until the network has a text
	Report time.Duration // from there to the report
	SIM    time.Duration // to read the SIM, after the PIN
	Boot   time.Duration // from power on to its first word, and until a USB modem's port is back
}

// Personalities are all that there are.
var Personalities = []Personality{E220, E1556, ES75, MTCBA, SIM800, EC25}

// Without is the model without some commands.
func (p Personality) Without(names ...string) Personality {
	p.Commands = maps.Clone(p.Commands)
	for _, name := range names {
		p.Commands[name] = nil
	}
	return p
}

// With is the model with a command that has always the same answer, and OK.
func (p Personality) With(name string, lines ...string) Personality {
	p.Commands = maps.Clone(p.Commands)
	p.Commands[name] = func(*Modem, command) reply { return answers(lines...) }
	return p
}

// defaults are its settings after power on.
func (p Personality) defaults() settings {
	return settings{
		echo: !p.NoEcho, verbose: true, cnmi: p.Indications, cfun: 1, chats: true, textMode: p.TextMode,
		creg: map[string]int{},
	}
}

// String is its name, for the names of subtests.
func (p Personality) String() string { return p.Name }
