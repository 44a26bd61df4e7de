package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// trial is a message that rules are tried on: what a person can know of it. The
// rest, such as its parts, follows.
type trial struct {
	Note     string              // what it is about, for people
	Incoming bool                // from a phone
	At       string              // the clock; "" is now
	From     string              // a mail address, or a phone
	To       []string            // phones, or one number of ours
	Text     string              //
	Data     string              // octets in hex, of a binary message
	Subject  string              // of the mail
	Headers  map[string][]string // of the mail
	User     string              // who signed in
	Account  string              // whose name was signed in with
	Sender   string              // caller ID that the address asks for
	Gateway  string              // that the address names, or that brought it
	Door     string              // that it came in through
	Reply    bool                // it answers a text from a phone

	mail string // a file that has the mail
}

// doors are those that a text to a phone may come in through. Whoever comes by one
// of the last three brings a text, and no mail.
var doors = []string{"lmtp", "smtp", "submission", "milter", "imap", "http", "control"}

func (m trial) isMail() bool { return m.Door != "http" && m.Door != "control" }

// check finds what does not fit together, and says what to do.
func (m trial) check() error {
	switch {
	case m.mail == "" && m.Text == "" && m.Data == "":
		return fmt.Errorf("it has no text; write text")
	case m.Text != "" && m.Data != "":
		return fmt.Errorf("it has text and data; write one of them")
	case m.From == "":
		return fmt.Errorf("it is from nobody; write from")
	}
	if _, err := hex.DecodeString(m.Data); err != nil {
		return fmt.Errorf("data: want octets in hex, such as 06050423f4")
	}
	if m.Incoming {
		return m.checkIncoming()
	}
	switch {
	case len(m.To) == 0:
		return fmt.Errorf("it is to nobody; write to")
	case m.User != "" && m.Account != "":
		return fmt.Errorf("it has user and account; write user for somebody who signs in with a mail address, account for a program with an account of its own")
	case m.Door != "" && !slices.Contains(doors, m.Door):
		return fmt.Errorf("there is no door %q; there are %s", m.Door, strings.Join(doors, ", "))
	case m.Data != "" && m.isMail():
		return fmt.Errorf("a mail cannot bring data; write door http")
	case !m.isMail() && (m.Subject != "" || len(m.Headers) > 0):
		return fmt.Errorf("what comes in through %s is no mail, and has no subject and no headers; leave them out, or write door lmtp", m.Door)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		if err := checkHeader(name); err != nil {
			return err
		}
	}
	return nil
}

func (m trial) checkIncoming() error {
	for _, foreign := range []struct {
		name string
		said bool
	}{
		{"subject", m.Subject != ""}, {"headers", len(m.Headers) > 0}, {"user", m.User != ""}, {"account", m.Account != ""},
		{"sender", m.Sender != ""}, {"door", m.Door != ""}, {"reply", m.Reply}, {"mail", m.mail != ""},
	} {
		if foreign.said {
			return fmt.Errorf("a text from a phone has no %s; leave it out", foreign.name)
		}
	}
	if len(m.To) > 1 {
		return fmt.Errorf("a text from a phone is to one number of ours; write one")
	}
	return nil
}

// givenAnyway are header fields that the mail gets anyway.
var givenAnyway = map[string]string{
	"from": "write from", "subject": "write subject", "to": "write to", "message-id": "leave it out", "mime-version": "leave it out",
}

func checkHeader(name string) error {
	lower := strings.ToLower(name)
	if remedy, ok := givenAnyway[lower]; ok || strings.HasPrefix(lower, "content-") {
		if !ok {
			remedy = "try a mail in a file"
		}
		return fmt.Errorf("headers: %s is not among those that can be given; %s", name, remedy)
	}
	if name == "" || strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return fmt.Errorf("headers: %q is no name of a header field", name)
	}
	return nil
}

// times are the forms in which a time may be written, at the site.
var times = []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"}

// timeAt reads a time of the site; "" is now.
func timeAt(written string, zone *time.Location) (time.Time, error) {
	if written == "" {
		return time.Now().In(zone).Truncate(time.Second), nil
	}
	for _, form := range times {
		if at, err := time.ParseInLocation(form, written, zone); err == nil {
			return at.In(zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write it like %q, as the clock at the site shows it", written, "2026-11-23 18:30")
}
