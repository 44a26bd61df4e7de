package v1

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validation "github.com/pb33f/libopenapi-validator/schema_validation"

	"github.com/postel-mail/postel/smsengine"
)

// described demands that a document is as the description says under webhooks.
func described(t *testing.T, name string, document []byte) {
	t.Helper()
	doc, err := libopenapi.NewDocument(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	hook, there := model.Model.Webhooks.Get(name)
	if !there {
		t.Fatalf("no webhook %s is described", name)
	}
	content, _ := hook.Post.RequestBody.Content.Get("application/json")
	if ok, errs := validation.NewSchemaValidator().ValidateSchemaBytes(content.Schema.Schema(), document); !ok {
		t.Errorf("%s is not described:\n%s", document, errs[0])
		for _, e := range errs[0].SchemaValidationErrors {
			t.Errorf("  %s %s", e.FieldPath, e.Reason)
		}
	}
}

// A sample of each occasion is as described, and of its type.
func TestEventsAreDescribed(t *testing.T) {
	for _, on := range smsengine.AllOccasions.Names() {
		set, err := smsengine.ParseOccasions(on)
		if err != nil {
			t.Fatal(err)
		}
		for _, account := range []string{"", "shop"} {
			document, err := Event(smsengine.SampleCall(smsengine.Webhook{Name: "shop", Account: account, Occasions: set}, time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			described(t, "message."+on, document)
			if !strings.HasPrefix(string(document), `{"type":"message.`+on+`",`) {
				t.Errorf("%s: %s", on, document)
			}
		}
	}
}

// What is told is the state to which the message had come, whatever has become of
// it since; nothing is escaped for HTML, and nothing is told of what is not kept.
func TestEventTellsThen(t *testing.T) {
	then := time.Date(2026, 11, 24, 9, 0, 0, 120e6, time.FixedZone("", 3600))
	d := smsengine.SampleCall(smsengine.Webhook{Name: "shop", Account: "shop", Occasions: smsengine.OnSent}, then)
	d.About.State, d.About.Gateway, d.About.Body.Text = smsengine.Failed, "other", `<b>"&`
	d.About.Status = smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "there is no such phone"}
	d.About.Parts[0] = smsengine.Part{State: smsengine.PartFailed, Status: d.About.Status}
	document, err := Event(d)
	if err != nil {
		t.Fatal(err)
	}
	described(t, "message.sent", document)
	var told struct {
		Timestamp string
		Data      struct {
			State, Text, Gateway string
			Status               *status
			Parts                []part
		}
	}
	if err := json.Unmarshal(document, &told); err != nil {
		t.Fatal(err)
	}
	data := told.Data
	if told.Timestamp != "2026-11-24T08:00:00.12Z" || data.State != "sent" || data.Status != nil || data.Gateway != "sample" || data.Parts[0] != (part{State: "sent"}) {
		t.Errorf("told is %s", document)
	}
	if !strings.Contains(string(document), `"text":"<b>\"&"`) || strings.Contains(string(document), "\n") {
		t.Errorf("it is escaped: %s", document)
	}
	d.About = nil
	if _, err := Event(d); smsengine.StatusOf(err).Class != smsengine.Permanent {
		t.Errorf("of a message that is not kept: %v", err)
	} else if _, worded := errors.AsType[*smsengine.Error](err); !worded {
		t.Errorf("%v", err)
	}
}
