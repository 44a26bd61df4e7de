package v1

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/postel-mail/postel/transport/httpapi"
)

// spec is as much of the description as these tests look at.
type spec struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Security   []map[string][]string
	Parameters []struct{ Name, In string }
	Responses  map[string]json.RawMessage
}

type schema struct {
	Ref        string          `json:"$ref"`
	Type       json.RawMessage // a name, or a list of names
	Items      *schema
	Properties map[string]schema
	Required   []string
	Enum       []any
}

func load(t *testing.T) (s spec) {
	t.Helper()
	if err := json.Unmarshal(openAPI, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A validator that is not ours finds the description to be OpenAPI 3.1.
func TestDescriptionIsValid(t *testing.T) {
	doc, err := libopenapi.NewDocument(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, errs := v.ValidateDocument(); !ok {
		t.Errorf("%+v", errs)
	}
	if v := doc.GetVersion(); !strings.HasPrefix(v, "3.1") {
		t.Errorf("it is %s", v)
	}
}

// Each route is described, with its scope, and nothing else is.
func TestRoutesAreDescribed(t *testing.T) {
	s := load(t)
	described := map[string]string{}
	for path, methods := range s.Paths {
		for method, op := range methods {
			scopes := []string{}
			for _, way := range op.Security {
				scopes = append(scopes, way["token"]...)
			}
			described[strings.ToUpper(method)+" "+path] = strings.Join(scopes, " ")
		}
	}
	there := map[string]string{"GET /v1/openapi.json": ""}
	for _, r := range new(Handler).routes() {
		there[r.method+" "+r.path] = r.scope.String()
	}
	if !maps.Equal(described, there) {
		t.Errorf("described are\n%v, there are\n%v", described, there)
	}
}

// Parameters of queries are those that the code reads.
func TestParametersAreDescribed(t *testing.T) {
	s := load(t)
	for path, known := range map[string][]string{
		"/v1/messages": messagesParams, "/v1/incoming": listParams, "/v1/usage": {"account"}, "/v1/messages/{id}": nil,
		"/v1/webhooks": {"account"}, "/v1/webhooks/{name}/calls": callsParams,
	} {
		var described []string
		for _, p := range s.Paths[path]["get"].Parameters {
			if p.In == "query" {
				described = append(described, p.Name)
			}
		}
		known = slices.Clone(known)
		slices.Sort(known)
		slices.Sort(described)
		if !slices.Equal(described, known) {
			t.Errorf("%s: described are %v, known %v", path, described, known)
		}
	}
}

// Each field of each object is described, of the same kind, and no others are;
// what may be missing is not required.
func TestFieldsAreDescribed(t *testing.T) {
	s := load(t)
	objects := map[string]any{
		"SendRequest": sendRequest{}, "SendResults": sendResults{}, "SendResult": sendResult{},
		"Message": message{}, "Part": part{}, "Status": status{}, "Event": event{}, "MessageList": messageList{},
		"Received": received{}, "ReceivedList": receivedList{}, "Usage": Usage{}, "Month": Month{}, "Rate": Rate{},
		"Problem": httpapi.Problem{}, "SendProblem": refusedAll{},
		"WebhookRequest": webhookRequest{}, "Webhook": webhook{}, "WebhookList": webhookList{}, "Trial": Trial{},
		"Call": call{}, "CallList": callList{}, "Retried": retried{}, "MessageEvent": messageEvent{}, "ReceivedEvent": receivedEvent{},
	}
	for name := range s.Components.Schemas {
		if _, ok := objects[name]; !ok {
			t.Errorf("%s is described and nowhere in the code", name)
		}
	}
	for name, object := range objects {
		described := s.Components.Schemas[name]
		fields := map[string]string{}
		var always []string
		eachField(reflect.TypeOf(object), func(f reflect.StructField, tag, options string) {
			fields[tag] = kindOfType(f.Type)
			if !strings.Contains(options, "omit") && !strings.HasSuffix(name, "Request") && !(name == "SendProblem" && tag == "messages") {
				always = append(always, tag)
			}
		})
		kinds := map[string]string{}
		for tag, p := range described.Properties {
			kinds[tag] = p.kind()
		}
		if !maps.Equal(fields, kinds) {
			t.Errorf("%s has\n%v, described is\n%v", name, fields, kinds)
		}
		required := slices.Clone(described.Required)
		slices.Sort(required)
		slices.Sort(always)
		if !strings.HasSuffix(name, "Request") && !slices.Equal(required, always) {
			t.Errorf("%s always has %v, described as required are %v", name, always, required)
		}
	}
}

// eachField goes through what encoding/json writes of a struct.
func eachField(t reflect.Type, do func(f reflect.StructField, tag, options string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			eachField(f.Type, do)
		case tag != "-":
			do(f, tag, options)
		}
	}
}

// kindOfType is a type in the words of JSON Schema.
func kindOfType(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[recipients]():
		return "any"
	case t == reflect.TypeFor[[]byte]() || t.String() == "time.Time" || t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Slice:
		return "array of " + kindOfType(t.Elem())
	case t.Kind() == reflect.Int:
		return "integer"
	case t.Kind() == reflect.Bool:
		return "boolean"
	}
	name := t.Name()
	return strings.ToUpper(name[:1]) + name[1:]
}

func (s schema) kind() string {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return name
	}
	var one string
	var many []string
	switch {
	case json.Unmarshal(s.Type, &one) == nil:
	case json.Unmarshal(s.Type, &many) == nil:
		one = many[0]
	default:
		return "any"
	}
	if one == "array" {
		return "array of " + s.Items.kind()
	}
	return one
}

// The statuses that an answer can have are described for each operation.
func TestStatusesAreDescribed(t *testing.T) {
	for path, methods := range load(t).Paths {
		for method, op := range methods {
			if path == "/v1/openapi.json" {
				continue
			}
			for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
				if _, ok := op.Responses[fmt.Sprint(status)]; !ok {
					t.Errorf("%s %s: %d is not described", method, path, status)
				}
			}
		}
	}
}
