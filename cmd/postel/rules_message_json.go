package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readTrials reads messages from JSON: an object each, one after the other or in
// a list. Errors name the line and the field. What a field does not say is as base
// has it.
func readTrials(name string, data []byte, base trial) ([]trial, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var all []trial
	fail := func(err error) error {
		at := dec.InputOffset()
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
			at, err = bad.Offset, fmt.Errorf("this is no JSON: %w", bad)
		}
		return fmt.Errorf("%s:%d: %w", name, 1+bytes.Count(data[:min(at, int64(len(data)))], []byte("\n")), err)
	}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			return nil, fail(err)
		case tok == json.Delim('[') || tok == json.Delim(']'):
			continue
		case tok != json.Delim('{'):
			return nil, fail(errors.New(`want a message, {"from": …, "to": …, "text": …}`))
		}
		m, err := readTrial(dec, base)
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return nil, fail(err)
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, fail(errors.New(`there is no message; write {"from": "john@example.org", "to": "+15555550123", "text": "Hello"}`))
	}
	return all, nil
}

// readTrial reads an object whose brace is read.
func readTrial(dec *json.Decoder, m trial) (trial, error) {
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return m, err
		}
		key, _ := tok.(string)
		var value json.RawMessage
		if seen[key] {
			return m, fmt.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if reason := m.foreign(key); reason != "" {
			return m, fmt.Errorf("there is no field %q here; %s", key, reason)
		}
		if err := dec.Decode(&value); err != nil {
			return m, err
		}
		if err := json.Unmarshal(value, m.field(key)); err != nil {
			return m, fmt.Errorf("%s: want %s", key, wanted(m.field(key)))
		}
	}
	_, err := dec.Token()
	return m, err
}

// field is where a field of the JSON goes; nil if there is none of the name.
func (m *trial) field(key string) any {
	return map[string]any{
		"note": &m.Note, "incoming": &m.Incoming, "at": &m.At, "from": &m.From, "to": (*several)(&m.To), "text": &m.Text,
		"data": &m.Data, "subject": &m.Subject, "headers": (*headers)(&m.Headers), "user": &m.User, "account": &m.Account,
		"sender": &m.Sender, "gateway": &m.Gateway, "door": &m.Door, "reply": &m.Reply,
	}[key]
}

// fieldsOfTrial are the fields that there are.
var fieldsOfTrial = []string{
	"note", "incoming", "at", "from", "to", "text", "data", "subject", "headers", "user", "account", "sender", "gateway", "door", "reply",
}

// following says of what rules may ask, and nobody can give, how to have it.
var following = map[string]string{
	"parts": "the parts are counted; make the text longer", "alphabet": "it follows from the letters of the text",
	"size": "it is counted", "domain": "it follows from from", "hour": "write at, as in \"2026-11-23 18:30\"",
	"weekday": "write at, as in \"2026-11-23 18:30\"", "tag": "rules give it", "binary": "write data, octets in hex",
	"address": "write to, and gateway", "routed": "write gateway", "header": "write headers", "body": "write text",
}

// foreign says why there is no such field, and what to write; "" if there is one.
func (m *trial) foreign(key string) string {
	if reason, ok := following[key]; ok {
		return reason
	}
	if m.field(key) != nil {
		return ""
	}
	for _, k := range fieldsOfTrial {
		if strings.EqualFold(k, key) || strings.EqualFold(k, strings.TrimSuffix(key, "s")) || strings.EqualFold(k, key+"s") {
			return "write " + k
		}
	}
	return "there are " + strings.Join(fieldsOfTrial, ", ")
}

// wanted says what a field holds.
func wanted(field any) string {
	switch field.(type) {
	case *bool:
		return "true or false"
	case *several:
		return "a text, or a list of texts"
	case *headers:
		return `names with texts, {"X-Priority": "1"}`
	}
	return "a text, in quotes"
}

// several is a text or a list of texts.
type several []string

// UnmarshalJSON reads either.
func (s *several) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*s = several{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(s))
}

// headers are the fields of a header.
type headers map[string][]string

// UnmarshalJSON reads names with a text, or a list of texts.
func (h *headers) UnmarshalJSON(data []byte) error {
	var read map[string]several
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*h = headers{}
	for name, values := range read {
		(*h)[name] = slices.Clone(values)
	}
	return nil
}
