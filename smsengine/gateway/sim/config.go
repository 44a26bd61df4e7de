package sim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Config is how the simulated network treats one gateway. Everything left to
// chance is drawn from Seed, so that the same texts, sent one after the other,
// meet the same luck again.
type Config struct {
	// How long the network takes to answer a part that is sent.
	Delay Duration `toml:"delay" example:"\"200ms\""`
	// By how much longer, at most, it sometimes takes.
	Jitter Duration `toml:"jitter" example:"\"300ms\""`
	// Whose texts fail, and how: a number with "*" for any digits before or after,
	// then "temporary" or "permanent" (the network refuses), "uncertain" (it does
	// not answer, and half of the texts arrive) or "undelivered" (it takes the text,
	// and a receipt says that the phone did not get it), then how often, if not
	// always. The first that applies counts.
	Fail []Trouble `toml:"fail" example:"[\"*99 permanent\", \"+1555* temporary 5%\"]"`
	// Whether texts can come from another sender than the gateway's number.
	Sender bool `toml:"sender"`
	// Whether the network reports what became of each part.
	Receipts bool `toml:"receipts"`
	// How long after a part its receipt comes.
	ReceiptDelay Duration `toml:"receipt_delay"`
	// How many receipts come before the network has even answered.
	EarlyReceipts Share `toml:"early_receipts"`
	// How many parts, in both directions, and receipts come twice.
	Duplicates Share `toml:"duplicates"`
	// How many long texts from phones come with their parts in disorder.
	Reorder Share `toml:"reorder"`
	// After how many parts the references of receipts begin again, as they do after
	// 256 on a modem. 0: never.
	References int `toml:"references"`
	// A file that gets a line for each part that reaches a phone (time, number,
	// message ID, text), which a restart does not forget. Empty: none.
	Journal string `toml:"journal" example:"\"/var/lib/postel/sim.journal\""`
	// Where chance begins.
	Seed int64 `toml:"seed"`
}

// Default is a network without troubles, with receipts after a second.
func Default() Config {
	return Config{Receipts: true, ReceiptDelay: Duration(time.Second), Seed: 1}
}

// Duration is a span of time, written as Go does: "1.5s", "200ms".
type Duration time.Duration

// UnmarshalText reads a duration. It cannot be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return errors.New(`want a time in quotes, such as "200ms" or "2s"`)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

// Share is a part of all cases, 0 to 1, written "5%".
type Share float64

// UnmarshalText reads a percentage.
func (s *Share) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v >= 0 && v <= 100) { // not a number is neither
		return errors.New(`want a percentage in quotes, "0%" to "100%"`)
	}
	*s = Share(v / 100)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Share) String() string {
	return strconv.FormatFloat(float64(s)*100, 'g', 12, 64) + "%"
}

// Trouble is what happens to texts for some numbers: "*99 permanent 50%".
type Trouble struct {
	Number string // "*" at an end stands for any digits, alone for all numbers
	Kind   string // "temporary", "permanent", "uncertain" or "undelivered"
	Share  Share  // how often
}

// Undelivered is the kind of trouble that only a receipt tells of. The other
// kinds are the names of a [smsengine.Class].
const Undelivered = "undelivered"

var classes = map[string]smsengine.Class{
	smsengine.Temporary.String(): smsengine.Temporary,
	smsengine.Permanent.String(): smsengine.Permanent,
	smsengine.Uncertain.String(): smsengine.Uncertain,
	Undelivered:                  smsengine.OK,
}

// UnmarshalText reads number, kind and, if it is not 100 %, share.
func (t *Trouble) UnmarshalText(text []byte) error {
	f := strings.Fields(string(text))
	if len(f) < 2 || len(f) > 3 {
		return errors.New(`want a number, a kind and perhaps a share, such as "*99 temporary 50%"`)
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(f[0], "*"), "*"); strings.Contains(inner, "*") {
		return fmt.Errorf(`%q: "*" stands at the beginning or the end of a number`, f[0])
	}
	if _, ok := classes[f[1]]; !ok {
		return fmt.Errorf("%q: there are temporary, permanent, uncertain and undelivered", f[1])
	}
	v := Trouble{Number: f[0], Kind: f[1], Share: 1}
	if len(f) == 3 {
		if err := v.Share.UnmarshalText([]byte(f[2])); err != nil {
			return err
		}
	}
	*t = v
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (t Trouble) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func (t Trouble) String() string {
	s := t.Number + " " + t.Kind
	if t.Share != 1 {
		s += " " + t.Share.String()
	}
	return s
}

// concerns reports whether the trouble is one of this number.
func (t Trouble) concerns(number string) bool {
	rest, before := strings.CutPrefix(t.Number, "*")
	rest, after := strings.CutSuffix(rest, "*")
	switch {
	case before && after:
		return strings.Contains(number, rest)
	case before:
		return strings.HasSuffix(number, rest)
	case after:
		return strings.HasPrefix(number, rest)
	}
	return number == rest
}
