package tool

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// question reads one line of JSON into a pointer to a struct, and words its mistakes for people: which field, and what
// it has to be.
func question(line string, into any) error {
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("this line is a JSON %s: write an object, with %s", wrong.Value, fields(into))
		}
		return fmt.Errorf("%q is a %s: want %s", wrong.Field, wrong.Value, kind(wrong.Type))
	}
	if err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("there is no field %s: there are %s", name, fields(into))
		}
		return fmt.Errorf("no JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON object: write one a line")
	}
	return nil
}

// fields lists the names that an object may have.
func fields(into any) string {
	t := reflect.TypeOf(into).Elem()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("json")
	}
	return strings.Join(names, ", ")
}

// kind says how a value is written.
func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Uint16:
		return "a whole number, 0 to 65535"
	case reflect.Int:
		return "a whole number"
	}
	return "a string, in quotes"
}

// validity is TP-VP as JSON: for how long, as a number of seconds, or until when, as RFC 3339. It also reads a time
// as Go writes it, "24h". What the relative format cannot write is rounded down, as tpdu.ValidFor does.
type validity struct{ tpdu.Validity }

func (v validity) MarshalJSON() ([]byte, error) {
	if v.Format == tpdu.Absolute {
		until, _ := v.Until.Time() // what is wrong with it is a flaw
		return json.Marshal(until)
	}
	return json.Marshal(int64(v.For / time.Second))
}

func (v *validity) UnmarshalJSON(b []byte) error {
	const form = `"validity": want seconds above 0, such as 86400, a time such as "24h", or its end such as "2030-01-31T12:00:00Z"`
	if !bytes.HasPrefix(b, []byte{'"'}) {
		var seconds int64
		if err := json.Unmarshal(b, &seconds); err != nil || seconds < 1 {
			return errors.New(form)
		}
		v.Validity = tpdu.ValidFor(time.Duration(min(seconds, math.MaxInt64/int64(time.Second))) * time.Second)
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		v.Validity = tpdu.ValidFor(d)
		return nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New(form)
	}
	if until.Year() < 1990 || until.Year() > 2089 {
		return errors.New(`"validity": the format has years from 1990 to 2089`)
	}
	v.Validity = tpdu.Validity{Format: tpdu.Absolute, Until: tpdu.TimestampOf(until)}
	return nil
}

// octets are hexadecimal digits in JSON.
type octets []byte

func (o octets) MarshalText() ([]byte, error) {
	return []byte(strings.ToUpper(hex.EncodeToString(o))), nil
}

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	if err != nil {
		return errors.New(`"data": want octets in hexadecimal digits, two each, such as "48690A"`)
	}
	return nil
}
