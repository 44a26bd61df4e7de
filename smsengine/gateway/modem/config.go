package modem

import (
	"errors"
	"fmt"
	"time"
)

// Config is a modem with its SIM card. Only device has to be given.
type Config struct {
	// The modem's port. Names below /dev/serial/by-id and by-path stay the same when
	// it is plugged in again; "postel modem probe" finds them.
	Device string `toml:"device" example:"\"/dev/serial/by-id/usb-HUAWEI_HUAWEI_Mobile-if00-port0\""`
	// The speed of a real serial line, bits/s; on USB it means nothing.
	Baud int `toml:"baud"`
	// The SIM card's PIN, if it asks for one. It is tried once, and never again if it
	// was wrong: docs/modem.md says what to do then.
	PIN PIN `toml:"pin" example:"\"1234\""`
	// The service centre's number, if the one on the SIM card is not right.
	ServiceCentre string `toml:"service_centre" example:"\"+15555550199\""`
	// Whether texts may go through other networks than the SIM card's own: "send",
	// "receive" (what comes is taken, and texts wait) or "off" (the same, with an
	// alarm).
	Roaming Roaming `toml:"roaming"`
	// Whether the network is asked what became of each part.
	Receipts bool `toml:"receipts"`
	// How long the network tries at most to bring a part to a phone that is off. "0s":
	// as long as the message lives; networks have limits of their own.
	Validity Duration `toml:"validity"`
	// How often the modem's memory is looked through for texts that it did not tell
	// of, and signal, network and SIM card are looked at.
	Poll Duration `toml:"poll"`
	// Where texts wait in the modem: "SM" is the SIM card, "ME" the modem. Empty: as
	// the modem likes.
	Memory string `toml:"memory" example:"\"SM\""`
	// What AT+CNMI is to be told, for a modem that is wrong about what it can. Empty:
	// the best of what it says that it can.
	Indications string `toml:"indications" example:"\"2,1,0,1,0\""`
	// More commands for the beginning, after which the modem must say OK.
	Init []string `toml:"init" example:"[\"AT^CURC=0\"]"`
	// Whether a modem that does not answer any more may be restarted (AT+CFUN=1,1).
	Restart bool `toml:"restart"`
	// After how many checks without an answer the modem is opened anew.
	SilentChecks int `toml:"silent_checks"`
	// After how many failed sends in a row it is.
	FailedSends int `toml:"failed_sends"`
	// What of the dialogue with the modem is logged, each line with its size:
	// "none", "masked" (no texts, no numbers), or "full" (texts, but never PINs).
	Dialogue Dialogue `toml:"dialogue"`
	// How the SIM card's credit is asked for, as one would dial it. Empty: it is not.
	BalanceCode string `toml:"balance_code" example:"\"*100#\""`
	// A regular expression that finds the amount in the answer, in its first group.
	BalancePattern string `toml:"balance_pattern" example:"\"balance is ([0-9.,]+)\""`
	// Below which amount there is an alarm.
	BalanceAlarm float64 `toml:"balance_alarm" example:"5.0"`
	// How often.
	BalanceEvery Duration `toml:"balance_every"`
}

// Default is a modem as it comes. The counts are those that the field has proved:
// a third silent check, and a third failed send, begin the modem anew.
func Default() Config {
	return Config{
		Baud: 115200, Roaming: RoamingSend, Receipts: true, Poll: Duration(time.Minute), Restart: true,
		SilentChecks: 3, FailedSends: 3, Dialogue: DialogueNone,
		BalanceEvery: Duration(24 * time.Hour),
	}
}

// Duration is a span of time, written as Go does: "30s", "24h".
type Duration time.Duration

// UnmarshalText reads a duration. It cannot be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return errors.New(`want a time in quotes, such as "30s" or "24h"`)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

// PIN is a SIM card's secret, 4 to 8 digits (3GPP TS 31.101 §9.3). It shows in no
// print, log or error.
type PIN string

// UnmarshalText reads a PIN.
func (p *PIN) UnmarshalText(text []byte) error {
	wrong := len(text) < 4 || len(text) > 8
	for _, c := range text {
		wrong = wrong || c < '0' || c > '9'
	}
	if wrong && len(text) > 0 {
		return errors.New("a PIN has 4 to 8 digits, in quotes")
	}
	*p = PIN(text)
	return nil
}

// MarshalText hides it.
func (p PIN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p PIN) String() string {
	if p == "" {
		return ""
	}
	return "****"
}

// GoString hides it from %#v.
func (p PIN) GoString() string { return fmt.Sprintf("%q", p.String()) }

// Roaming says what happens in a network that is not the SIM card's own.
type Roaming string

// The policies.
const (
	RoamingSend    Roaming = "send"
	RoamingReceive Roaming = "receive"
	RoamingOff     Roaming = "off"
)

// UnmarshalText reads a policy.
func (r *Roaming) UnmarshalText(text []byte) error {
	return oneOf(r, text, RoamingSend, RoamingReceive, RoamingOff)
}

// Dialogue says what is logged of what is said to the modem and by it.
type Dialogue string

// The choices.
const (
	DialogueNone   Dialogue = "none"
	DialogueMasked Dialogue = "masked"
	DialogueFull   Dialogue = "full"
)

// UnmarshalText reads a choice.
func (d *Dialogue) UnmarshalText(text []byte) error {
	return oneOf(d, text, DialogueNone, DialogueMasked, DialogueFull)
}

func oneOf[T ~string](v *T, text []byte, choices ...T) error {
	for _, c := range choices {
		if string(c) == string(text) {
			*v = c
			return nil
		}
	}
	return fmt.Errorf("%q: there are %q", text, choices)
}
