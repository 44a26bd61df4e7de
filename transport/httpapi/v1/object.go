package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// readObject reads the one JSON object that is a request's body into a struct,
// whose tags are the fields that there are. It is strict, and says which field is
// wrong: one that is not known, or stands twice, or is of another kind. A null is
// as if the field were not there.
func readObject(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return withStatus(http.StatusUnsupportedMediaType, "5.6.1", "the body is to be JSON, and to say so: Content-Type: application/json")
	}
	body, err := io.ReadAll(r.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return withStatus(http.StatusRequestEntityTooLarge, "5.3.4", "the request is too large")
	}
	if err != nil {
		return withStatus(http.StatusBadRequest, "5.5.2", "the request broke off")
	}
	return decode(body, into)
}

func decode(body []byte, into any) error {
	if !utf8.Valid(body) {
		return malformed("it is not UTF-8")
	}
	fields := fieldsOf(into)
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return malformed(`it is to be an object: {"name": "value"}`)
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return malformed(wordsOf(err))
		}
		name, _ := t.(string) // of an object it is one
		target, known := fields[name]
		switch {
		case !known:
			return wrongField(name, "there is no such field")
		case seen[name]:
			return wrongField(name, "it is there twice")
		}
		seen[name] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return malformed(wordsOf(err))
		}
		if err := json.Unmarshal(value, target); err != nil {
			return wrongField(name, "want "+kindOf(target))
		}
	}
	if _, err := dec.Token(); err != nil { // the brace
		return malformed(wordsOf(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return malformed("something stands behind the object")
	}
	return nil
}

// fieldsOf gives pointers to the fields of a struct, by their names in JSON.
func fieldsOf(into any) map[string]any {
	v := reflect.ValueOf(into).Elem()
	fields := map[string]any{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i).Addr().Interface()
	}
	return fields
}

// kindOf says what a field is to be.
func kindOf(target any) string {
	switch target.(type) {
	case *recipients:
		return "a phone number, or a list of them"
	case *[]byte:
		return "base64"
	case *int, **int:
		return "a whole number"
	case *[]string:
		return "a list of strings"
	case *bool:
		return "true or false"
	case *time.Time:
		return `a time with its zone: "2026-11-24T09:00:00Z"`
	}
	return "a string"
}

func wordsOf(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s, at octet %d", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset)
	}
	return "it ends too early"
}

func malformed(words string) error {
	return withStatus(http.StatusBadRequest, "5.5.2", "the body cannot be read as JSON: "+words)
}

// wrongField names a field. What it held is not repeated: it may be anything.
func wrongField(name, words string) error {
	if len(name) > 40 {
		name = name[:40]
	}
	return withStatus(http.StatusBadRequest, "5.5.4", fmt.Sprintf("%q: %s", strings.ToValidUTF8(name, ""), words))
}
