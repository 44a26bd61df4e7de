package rule

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Effect is something that a rule does outside of the message. It has all that it
// needs, so that it can be stored and done later, and again after a failure.
type Effect interface {
	// Kind is the effect's name in JSON.
	Kind() string
	// By is the title of the rule that wants it.
	By() string
}

// Mail sends what the message says to a mailbox: a copy, what is forwarded, or an
// archive's record.
type Mail struct {
	Rule    string    `json:"rule"`
	To      string    `json:"to"`
	Archive bool      `json:"archive,omitempty"`
	From    string    `json:"from,omitempty"`   // of the message: a mailbox, or a phone
	Number  string    `json:"number,omitempty"` // of the message: To
	Account string    `json:"account,omitempty"`
	Gateway string    `json:"gateway,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	Headers []Header  `json:"headers,omitempty"` // that rules have set
	At      time.Time `json:"at,omitzero"`
}

// SMS sends what the message says to another number.
type SMS struct {
	Rule   string `json:"rule"`
	To     string `json:"to"` // E.164, or a short code
	Sender string `json:"sender,omitempty"`
	Text   string `json:"text"`
}

// Run executes a program. Argv, Environ and Input give what it gets.
type Run struct {
	Rule    string            `json:"rule"`
	Command []string          `json:"command"`         // templates; with Shell, one line for sh -c
	Shell   bool              `json:"shell,omitempty"` // nothing is filled into Command then
	Stdin   string            `json:"stdin,omitempty"` // template
	Env     map[string]string `json:"env,omitempty"`   // templates
	Timeout Duration          `json:"timeout"`
	Values  map[string]string `json:"values,omitempty"`
}

// Call makes an HTTP request. Fill gives it.
type Call struct {
	Rule    string            `json:"rule"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`            // template
	Type    string            `json:"type,omitempty"` // media type of Body
	Body    string            `json:"body,omitempty"` // template
	Headers map[string]string `json:"headers,omitempty"`
	Timeout Duration          `json:"timeout"`
	Values  map[string]string `json:"values,omitempty"`
}

// SQL executes a statement. Bind gives it and what is bound to it.
type SQL struct {
	Rule      string            `json:"rule"`
	Database  string            `json:"database"`
	Statement string            `json:"statement"` // template
	Timeout   Duration          `json:"timeout"`
	Values    map[string]string `json:"values,omitempty"`
}

func (e Mail) Kind() string { return "mail" }
func (e SMS) Kind() string  { return "sms" }
func (e Run) Kind() string  { return "run" }
func (e Call) Kind() string { return "call" }
func (e SQL) Kind() string  { return "sql" }

func (e Mail) By() string { return e.Rule }
func (e SMS) By() string  { return e.Rule }
func (e Run) By() string  { return e.Rule }
func (e Call) By() string { return e.Rule }
func (e SQL) By() string  { return e.Rule }

// effectVersion is the version of the form in which effects are stored.
const effectVersion = 1

// envelope is the stored form.
type envelope struct {
	Version int             `json:"v"`
	Kind    string          `json:"kind"`
	Effect  json.RawMessage `json:"effect"`
}

// MarshalEffect writes an effect as JSON, with its kind and a version.
func MarshalEffect(e Effect) ([]byte, error) {
	inner, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{effectVersion, e.Kind(), inner})
}

// UnmarshalEffect reads what MarshalEffect wrote, in this version or an earlier one.
func UnmarshalEffect(data []byte) (Effect, error) {
	var env envelope
	if err := json.Unmarshal(data, &env); err != nil {
		return nil, err
	}
	if env.Version != effectVersion {
		return nil, fmt.Errorf("an effect of version %d, and this is version %d", env.Version, effectVersion)
	}
	switch env.Kind {
	case "mail":
		return read[Mail](env.Effect)
	case "sms":
		return read[SMS](env.Effect)
	case "run":
		return read[Run](env.Effect)
	case "call":
		return read[Call](env.Effect)
	case "sql":
		return read[SQL](env.Effect)
	case "reply":
		return read[AutoReply](env.Effect)
	case "digest":
		return read[Digest](env.Effect)
	}
	return nil, fmt.Errorf("an effect of an unknown kind, %.20q", env.Kind)
}

func read[E Effect](data []byte) (Effect, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// Effects are stored as a list.
type Effects []Effect

// MarshalJSON writes each as MarshalEffect does.
func (es Effects) MarshalJSON() ([]byte, error) {
	all := make([]json.RawMessage, len(es))
	for i, e := range es {
		var err error
		if all[i], err = MarshalEffect(e); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (es *Effects) UnmarshalJSON(data []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*es = nil
	for _, one := range all {
		e, err := UnmarshalEffect(one)
		if err != nil {
			return err
		}
		*es = append(*es, e)
	}
	return nil
}

// Duration is a time that is written "30s".
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String leaves out what is nothing: "10m", "1h".
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}
