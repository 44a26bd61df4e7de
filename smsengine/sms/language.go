package sms

import (
	"fmt"
	"slices"
	"strings"
)

// Language is a national language identifier (3GPP TS 23.038 §6.2.1.2.4): it names tables that a part may be read with
// instead of, or besides, the default alphabet.
type Language uint8

// The languages that have tables. Spanish has a single shift table only.
const (
	NoLanguage Language = iota // the default alphabet and its extension
	Turkish
	Spanish
	Portuguese
	Bengali // and Assamese
	Gujarati
	Hindi
	Kannada
	Malayalam
	Oriya
	Punjabi
	Tamil
	Telugu
	Urdu
)

var languageNames = [...]string{
	"", "turkish", "spanish", "portuguese", "bengali", "gujarati", "hindi", "kannada", "malayalam", "oriya", "punjabi",
	"tamil", "telugu", "urdu",
}

// String gives the English name in small letters, "turkish"; "" for none.
func (l Language) String() string {
	if int(l) < len(languageNames) {
		return languageNames[l]
	}
	return fmt.Sprintf("language(%d)", uint8(l))
}

// MarshalText gives what String gives.
func (l Language) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Languages gives all that have tables, in the order of their identifiers.
func Languages() []Language {
	all := make([]Language, 0, Urdu)
	for l := Turkish; l <= Urdu; l++ {
		all = append(all, l)
	}
	return all
}

// ParseLanguage reads an English name in any case.
func ParseLanguage(name string) (Language, error) {
	if i := slices.Index(languageNames[:], strings.ToLower(name)); i > 0 {
		return Language(i), nil
	}
	return NoLanguage, fmt.Errorf("no national table is called %q: there are %s", name, strings.Join(languageNames[1:], ", "))
}

// ParseLanguages reads names, each once; "all" stands for all of them.
func ParseLanguages(names []string) ([]Language, error) {
	var list []Language
	for _, name := range names {
		if strings.EqualFold(name, "all") {
			return Languages(), nil
		}
		l, err := ParseLanguage(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list, nil
}

// Shift says which of a language's tables a text uses (3GPP TS 23.038 §6.2.1.2.2, §6.2.1.2.3).
type Shift uint8

// The shifts. Each costs an information element of three octets in every part.
const (
	NoShift       Shift = iota
	SingleShift         // the language's table in place of the extension: its characters take two septets
	LockingShift        // the language's table in place of the default alphabet
	SingleLocking       // both
)

// String gives "", "single", "locking" or "single+locking".
func (s Shift) String() string {
	switch s {
	case SingleShift:
		return "single"
	case LockingShift:
		return "locking"
	case SingleLocking:
		return "single+locking"
	}
	return ""
}

// MarshalText gives what String gives.
func (s Shift) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
