package hook

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// file is a provider whose fields are what this package can read.
const file = `name = "Example"
verified = "unverified"
splits = "provider"
alphabets = ["gsm7", "ucs2", "binary"]
[send]
url = "https://sms.example.org/send"
query = { to = "%number%", text = "%data%" }
[incoming]
methods = ["GET", "POST"]
when = { "form:status" = "" }
from = "form:from"
to = "form:to"
text = "form:text"
id = "form:id"
charset = "form:charset"
percent_coded = ["ISO-8859-1", "UTF-16BE"]
data = "form:data"
udh = "form:udh"
encoding = "hex"
ref = "form:ref"
seq = "form:seq"
total = "form:total"
time = "form:time"
time_forms = ["unix", "2006-01-02 15:04:05"]
[receipts]
when = { "form:status" = "*" }
reference = ["form:parent", "form:id"]
number = "form:from"
state = "form:status"
code = "form:code"
[receipts.states]
ok = "delivered"
bad = "failed"
late = "failed 4.4.7 the phone could not be reached in time"
wait = "waiting"
other = "ignored"
[receipts.codes]
7 = "failed 5.1.1 the network does not know the number"
8 = "waiting"
`

func example(t *testing.T, text string) *Reader {
	t.Helper()
	p, err := provider.Parse("example.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(p, Options{Number: ours, Region: "DE", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readForm(t *testing.T, r *Reader, form, kind string) *Call {
	t.Helper()
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	call, err := r.Read(t.Context(), Request{Method: http.MethodPost, URL: u, Header: http.Header{"Content-Type": {kind}}, Body: []byte(form)})
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func TestNumbers(t *testing.T) {
	r := example(t, file)
	for written, want := range map[string]string{
		"%2B15555550123": theirs, "+15555550123": theirs /* the "+" became a space */, "15555550123": theirs, "0015555550123": theirs,
		"%2B1+(555)+555-0123": theirs, "4712345678": "+4712345678", "03012345678": "+493012345678", "491701234567": "+491701234567",
		"12345": "12345", "1008": "1008", "8005551": "8005551", "My+Bank": "My Bank", "BANK%0D%0ABcc:x": "BANKBcc:x", "%00": "",
		"%FF%FEx": "x", strings.Repeat("a", 100): strings.Repeat("a", longest), "%2B": "+", "%2B999": "+999", "99999999999999999999": "99999999999999999999",
	} {
		call := readForm(t, r, "text=hello&from="+written, formType)
		switch {
		case want == "" && len(call.Texts) == 0 && len(call.Skipped) == 1:
		case len(call.Texts) != 1 || call.Texts[0].From != smsengine.Phone(want) || call.Texts[0].To != smsengine.Phone(ours):
			t.Errorf("%s: %+v %q", written, call.Texts, call.Skipped)
		}
	}
}

func TestCharsets(t *testing.T) {
	r := example(t, file)
	plain := example(t, strings.Replace(file, "percent_coded", "#", 1))
	for _, c := range []struct {
		name, form, kind string
		r                *Reader
		want             string
	}{
		{"UTF-8", "text=Gr%C3%BC%C3%9Fe", formType, plain, "Grüße"},
		{"named", "text=Gr%FC%DFe&charset=ISO-8859-1", formType, plain, "Grüße"},
		{"named small", "text=Gr%FC%DFe&charset=latin1", formType, plain, "Grüße"},
		{"of the type", "text=Gr%FC%DFe", formType + "; charset=iso-8859-15", plain, "Grüße"},
		{"named wins", "text=Gr%C3%BC%C3%9Fe&charset=utf-8", formType + "; charset=iso-8859-1", plain, "Grüße"},
		{"UCS-2", "text=%00G%00r%00%FC%00%DF%00e&charset=UCS-2", formType, plain, "Grüße"},
		{"UTF-16", "text=%D8%3D%DE%00&charset=UTF-16BE", formType, plain, "😀"},
		{"torn", "text=%D8%3D&charset=UTF-16BE", formType, plain, "\uFFFD"},
		{"Kannel's own", "text=Gr%C3%BC%C3%9Fe&charset=GSM", formType, plain, "Grüße"},
		{"unknown, not UTF-8", "text=Gr%FC%DFe&charset=x-nobody", formType, plain, "Grüße"},
		{"unnamed, not UTF-8", "text=Gr%FC%DFe", formType, plain, "Grüße"},
		{"Windows", "text=%80%93&charset=windows-1252", formType, plain, "€“"},
		{"line ends", "text=a%0D%0Ab%0Dc", formType, plain, "a\nb\nc"},
		{"no escape", "text=100%25+50%+%zz%4", formType, plain, "100% 50% %zz%4"},
		{"JSON", `{"from":"15555550123","text":"Grüße","charset":"ISO-8859-1"}`, jsonType, plain, "Grüße"},
		{"JSON, escaped", `{"from":"15555550123","text":"Gr\u00fc\u00dfe \ud83d\ude00"}`, jsonType, plain, "Grüße 😀"},
		{"coded twice", `{"from":"15555550123","text":"Gr%FC%DFe%2Bx+y","charset":"iso-8859-1"}`, jsonType, r, "Grüße+x y"},
		{"coded twice, UTF-16", `{"from":"15555550123","text":"%00G%00r%00%FC","charset":"UTF-16BE"}`, jsonType, r, "Grü"},
		{"not coded twice", `{"from":"15555550123","text":"100%25","charset":"UTF-8"}`, jsonType, r, "100%25"},
		{"parts", "--x\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\n15555550123\r\n--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nGrüße\r\n--x--\r\n", "multipart/form-data; boundary=x", plain, "Grüße"},
	} {
		form := c.form
		if c.kind[0] == 'a' && c.kind != jsonType {
			form += "&from=15555550123"
		}
		call := readForm(t, c.r, form, c.kind)
		if len(call.Texts) != 1 || call.Texts[0].Text != c.want {
			t.Errorf("%s: %+v, want %q", c.name, call.Texts, c.want)
		}
	}
}

func TestParts(t *testing.T) {
	r := example(t, file)
	whole := smsengine.IncomingPart{From: smsengine.Phone(theirs), To: smsengine.Phone(ours), Text: "x", Seq: 1, Total: 1, Received: now}
	with := func(change func(p *smsengine.IncomingPart)) smsengine.IncomingPart {
		p := whole
		change(&p)
		return p
	}
	for form, want := range map[string]smsengine.IncomingPart{
		"text=x":                           whole,
		"text=x&id=7":                      with(func(p *smsengine.IncomingPart) { p.Dedupe = "7" }),
		"text=x&id=7&ref=99&seq=2&total=3": with(func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total, p.Dedupe = 99, 2, 3, "7/2" }),
		"text=x&ref=abc&seq=2&total=3":     with(func(p *smsengine.IncomingPart) { p.Seq, p.Total = 2, 3 }),
		"text=x&ref=9&seq=4&total=3":       whole,
		"text=x&ref=9&seq=0&total=3":       whole,
		"text=x&ref=9&seq=1&total=256":     whole,
		"text=x&ref=9&seq=1&total=-1":      whole,
		"text=x&ref=9&seq=1&total=1":       whole,
		"text=x&udh=050003630302":          with(func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 0x63, 2, 3 }),
		"text=x&udh=0003630302":            with(func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 0x63, 2, 3 }),
		"text=x&udh=06080412340302":        with(func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 0x1234, 2, 3 }),
		"text=x&udh=FFFF":                  whole,
		"text=x&to=12345":                  with(func(p *smsengine.IncomingPart) { p.To = smsengine.Phone("12345") }),
		"text=x&time=1795435170":           with(func(p *smsengine.IncomingPart) { p.Sent = now.Add(-30 * time.Second) }),
		"text=x&time=2026-11-23+11:59:30":  with(func(p *smsengine.IncomingPart) { p.Sent = now.Add(-30 * time.Second) }),
		"text=x&time=yesterday":            whole,
		"text=x&time=-5":                   whole,
		"text=ignored&data=00ff41":         with(func(p *smsengine.IncomingPart) { p.Text, p.Data = "", []byte{0, 0xff, 'A'} }),
		"data=41&udh=06050415811581": with(func(p *smsengine.IncomingPart) {
			p.Text, p.Data, p.UDH = "", []byte("A"), []byte{6, 5, 4, 0x15, 0x81, 0x15, 0x81}
		}),
		"data=41&udh=0B0504158115810003630302": with(func(p *smsengine.IncomingPart) {
			p.Text, p.Data, p.UDH = "", []byte("A"), []byte{6, 5, 4, 0x15, 0x81, 0x15, 0x81}
			p.Ref, p.Seq, p.Total = 0x63, 2, 3
		}),
		"": with(func(p *smsengine.IncomingPart) { p.Text = "" }),
	} {
		call := readForm(t, r, form+"&from=15555550123", formType)
		if len(call.Texts) != 1 || !reflect.DeepEqual(call.Texts[0], want) {
			t.Errorf("%s:\n%+v %q\n%+v", form, call.Texts, call.Skipped, want)
		}
	}
	for _, form := range []string{"data=0", "data=zz", "data=41&udh=zz", "text=x&udh=0"} {
		if call := readForm(t, r, form+"&from=15555550123", formType); len(call.Texts) != 0 || len(call.Skipped) != 1 {
			t.Errorf("%s: %+v", form, call)
		}
	}
}

func TestReceipts(t *testing.T) {
	r := example(t, file)
	for form, want := range map[string]smsengine.ReceiptReport{
		"id=1&status=ok":                arrived("1", "Example ok"),
		"id=1&parent=2&status=ok":       arrived("2", "Example ok"),
		"id=1&parent=&status=ok":        arrived("1", "Example ok"),
		"id=1&status=bad":               failed("1", "5.0.0", "the network could not deliver the text", "Example bad"),
		"id=1&status=bad&code=7":        failed("1", "5.1.1", "the network does not know the number", "Example bad 7"),
		"id=1&status=bad&code=8":        failed("1", "5.0.0", "the network could not deliver the text", "Example bad 8"),
		"id=1&status=bad&code=9":        failed("1", "5.0.0", "the network could not deliver the text", "Example bad 9"),
		"id=1&status=late":              failed("1", "4.4.7", "the phone could not be reached in time", "Example late"),
		"id=1&status=ok&code=7":         arrived("1", "Example ok 7"),
		"id=1&status=wait":              trying("1"),
		"id=1&status=ok&code=%C3%BC%0A": arrived("1", "Example ok ??"),
	} {
		call := readForm(t, r, form+"&from=15555550123", formType)
		if len(call.Reports) != 1 || !reflect.DeepEqual(call.Reports[0], want) {
			t.Errorf("%s:\n%+v %q\n%+v", form, call.Reports, call.Skipped, want)
		}
	}
	for form, skipped := range map[string]int{"id=1&status=other": 0, "status=ok": 1, "id=1&status=new": 1} {
		if call := readForm(t, r, form, formType); len(call.Reports) != 0 || len(call.Skipped) != skipped {
			t.Errorf("%s: %+v", form, call)
		}
	}
}

// Receipts in another order than things happened say what they say: it is the
// engine that knows that what a phone has it keeps.
func TestReorderedReceipts(t *testing.T) {
	r := example(t, file)
	var finals []smsengine.PartState
	for _, state := range []string{"ok", "wait", "bad", "ok"} {
		finals = append(finals, readForm(t, r, "id=1&status="+state, formType).Reports[0].Final)
	}
	want := []smsengine.PartState{smsengine.PartDelivered, smsengine.PartWaiting, smsengine.PartFailed, smsengine.PartDelivered}
	if !reflect.DeepEqual(finals, want) {
		t.Errorf("%q", finals)
	}
}
