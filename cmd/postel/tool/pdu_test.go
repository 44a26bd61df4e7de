package tool

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/sms"
)

// The examples are written by hand from 3GPP TS 23.040 and 23.038: "hellohello" packed is E8329BFD4697D9EC37.
func TestPDUDecode(t *testing.T) {
	for _, c := range []struct{ question, answer string }{
		// A text, two hours east of Greenwich, through a service centre.
		{`{"pdu":"07919451550500F0040B915155550521F30000623010214365800AE8329BFD4697D9EC37"}`,
			`{"type":"deliver","smsc":"+49155550000","number":"+15555550123","toa":145,"text":"hellohello","alphabet":"gsm7","dcs":0,"pid":0,"timestamp":"2026-03-01T12:34:56+02:00"}`},
		// The same without one, seven hours and a half to the west.
		{`{"pdu":"040B915155550521F300006230102143650B0AE8329BFD4697D9EC37","tpdu":true,"dir":"mt"}`,
			`{"type":"deliver","number":"+15555550123","toa":145,"text":"hellohello","alphabet":"gsm7","dcs":0,"pid":0,"timestamp":"2026-03-01T12:34:56-07:30"}`},
		// A flash text in UCS-2 from a name, second of two.
		{`{"pdu":"004407D0C161B3080018623010214365000A050003AB020204160021"}`,
			`{"type":"deliver","number":"ACME","toa":208,"text":"Ж!","alphabet":"ucs2","dcs":24,"pid":0,"udh":"050003AB0202","timestamp":"2026-03-01T12:34:56Z","concat":{"ref":171,"total":2,"seq":2},"class":0}`},
		// Data to a port, from a short code.
		{`{"pdu":"004405812143F500F562301021436500090605040B8423F00102"}`,
			`{"type":"deliver","number":"12345","toa":129,"data":"0102","alphabet":"8bit","dcs":245,"pid":0,"udh":"0605040B8423F0","timestamp":"2026-03-01T12:34:56Z","ports":[2948,9200],"class":1}`},
		// Texts to a phone: an hour long, with a receipt; until a time; once, within ten seconds; as long as the network likes.
		{`{"pdu":"003107098151555521F300000B0AE8329BFD4697D9EC37","dir":"mo"}`,
			`{"type":"submit","number":"155555123","toa":129,"text":"hellohello","alphabet":"gsm7","dcs":0,"pid":0,"mr":7,"receipt":true,"validity":3600}`},
		{`{"pdu":"001900098151555521F300006230102143650000","dir":"mo"}`,
			`{"type":"submit","number":"155555123","toa":129,"text":"","alphabet":"gsm7","dcs":0,"pid":0,"mr":0,"validity":"2026-03-01T12:34:56Z"}`},
		{`{"pdu":"000900098151555521F30000420A000000000000","dir":"mo"}`,
			`{"type":"submit","number":"155555123","toa":129,"text":"","alphabet":"gsm7","dcs":0,"pid":0,"mr":0,"validity":10}`},
		{`{"pdu":"000100098151555521F3000000","dir":"mo"}`,
			`{"type":"submit","number":"155555123","toa":129,"text":"","alphabet":"gsm7","dcs":0,"pid":0,"mr":0}`},
		// What became of one.
		{`{"pdu":"00062A0B915155550521F3623010214365006230102143750045"}`,
			`{"type":"status-report","number":"+15555550123","toa":145,"timestamp":"2026-03-01T12:34:56Z","mr":42,"status":69,"discharge":"2026-03-01T12:34:57Z"}`},
		// What is wrong and can be understood all the same.
		{`{"pdu":"00040B915155550521F3000062F0102143658005E8329BFD06"}`,
			`{"type":"deliver","number":"+15555550123","toa":145,"text":"hello","alphabet":"gsm7","dcs":0,"pid":0,"flaws":["TP-SCTS at octet 18: 62 F0 10 21 43 65 80 is no time"]}`},
	} {
		code, answers, errw := ask(t, c.question, "pdu-decode")
		if code != 0 || errw != "" || answers[0] != c.answer {
			t.Errorf("%s: code %d, %s\n%s\nwant\n%s", c.question, code, errw, answers[0], c.answer)
		}
	}
}

func TestPDUEncode(t *testing.T) {
	for _, c := range []struct{ question, answer string }{
		{`{"number":"+15555550123","text":"hellohello"}`,
			`{"tpdus":["0001000B915155550521F300000AE8329BFD4697D9EC37"],"lengths":[22]}`},
		{`{"number":"60300","text":"Ж","smsc":"+49155550000","class":0,"receipt":true,"validity":3600}`,
			`{"tpdus":["07919451550500F031000581" + "0603F0" + "0018" + "0B" + "020416"],"lengths":[13]}`},
		{`{"number":"+15555550123","data":"0102ff","class":1,"validity":"2026-03-01T12:34:56+02:00"}`,
			`{"tpdus":["0019000B915155550521F3" + "0015" + "62301021436580" + "030102FF"],"lengths":[23]}`},
		{`{"number":"+15555550123","text":"ş","languages":["turkish"],"validity":"25h"}`, // TS 23.038 A.2.1: ESC 73, and a day
			`{"tpdus":["0051000B915155550521F3" + "0000" + "A7" + "0703240101" + "D8CC01"],"lengths":[21]}`},
	} {
		want := strings.ReplaceAll(c.answer, `" + "`, "")
		code, answers, errw := ask(t, c.question, "pdu-encode")
		if code != 0 || errw != "" || answers[0] != want {
			t.Errorf("%s: code %d, %s\n%s\nwant\n%s", c.question, code, errw, answers[0], want)
		}
	}
}

// A line that cannot be read says which field is wrong and what it has to be.
func TestPDUBadLines(t *testing.T) {
	for _, c := range []struct{ tool, line, says string }{
		{"pdu-decode", `{`, "no JSON object: unexpected EOF"},
		{"pdu-decode", `"00"`, "this line is a JSON string: write an object, with pdu, dir, tpdu"},
		{"pdu-decode", `{}`, `"pdu" is missing`},
		{"pdu-decode", `{"pdu":"00"}{"pdu":"00"}`, "more than one JSON object"},
		{"pdu-decode", `{"pdu":7}`, `"pdu" is a number: want a string`},
		{"pdu-decode", `{"pdu":"00","tpdu":"yes"}`, `"tpdu" is a string: want true or false`},
		{"pdu-decode", `{"pdu":"00","length":1}`, `there is no field "length": there are pdu, dir, tpdu`},
		{"pdu-decode", `{"pdu":"00","dir":"up"}`, `"dir" is "up": want "mt", from the network, or "mo", to it`},
		{"pdu-decode", `{"pdu":"hello"}`, `"pdu": PDU at octet 0: not hexadecimal`},
		{"pdu-decode", `{"pdu":"0004"}`, `say "tpdu":true if there is none`},
		{"pdu-decode", `{"pdu":"04","tpdu":true}`, `(read without a service centre in front`},
		{"pdu-encode", `{"number":"+15555550123"}`, `"text" is missing`},
		{"pdu-encode", `{"text":"x"}`, `"number" is "" (address: empty): want digits`},
		{"pdu-encode", `{"number":"+1 555","text":"x"}`, `"number" is "+1 555" (address: " " is no digit): want digits`},
		{"pdu-encode", `{"number":"1","text":"x","smsc":"x"}`, `"smsc" is "x"`},
		{"pdu-encode", `{"number":"1","text":"x","data":"00"}`, `"text" and "data": want one of them`},
		{"pdu-encode", `{"number":"1","data":"0"}`, `"data": want octets in hexadecimal digits`},
		{"pdu-encode", `{"number":"1","data":1}`, `"data" is a number: want a string`},
		{"pdu-encode", `{"number":"1","text":"x","class":4}`, `"class" is 4: want 0`},
		{"pdu-encode", `{"number":"1","text":"x","class":1.5}`, `"class" is a number 1.5: want a whole number`},
		{"pdu-encode", `{"number":"1","text":"x","ref":70000}`, `"ref" is a number 70000: want a whole number, 0 to 65535`},
		{"pdu-encode", `{"number":"1","text":"x","validity":0}`, `"validity": want seconds`},
		{"pdu-encode", `{"number":"1","text":"x","validity":"soon"}`, `"validity": want seconds`},
		{"pdu-encode", `{"number":"1","text":"x","validity":"1970-01-01T00:00:00Z"}`, `"validity": the format has years`},
		{"pdu-encode", `{"number":"1","text":"x","languages":["klingon"]}`, `"languages": `},
		{"pdu-encode", `{"number":"1","text":"x","languages":1}`, `"languages": want a list`},
		{"pdu-encode", `{"number":"1","data":"` + strings.Repeat("00", 134*255+1) + `"}`, `"data": `},
		{"pdu-encode", `{"number":"1","text":"` + strings.Repeat("x", 153*255+1) + `"}`, `"text": `},
	} {
		code, answers, _ := ask(t, c.line+"\n\n", c.tool)
		var a unread
		if err := json.Unmarshal([]byte(answers[0]), &a); err != nil || code != 1 || len(answers) != 1 || !strings.Contains(a.Error, c.says) {
			t.Errorf("%s %.80s: code %d, %s", c.tool, c.line, code, answers)
		}
	}
}

// message is a line for pdu-encode.
type message struct {
	Number    string   `json:"number"`
	Text      *string  `json:"text,omitempty"`
	Data      *string  `json:"data,omitempty"`
	SMSC      string   `json:"smsc,omitempty"`
	Class     *int     `json:"class,omitempty"`
	Ref       int      `json:"ref,omitempty"`
	Receipt   bool     `json:"receipt,omitempty"`
	Validity  any      `json:"validity,omitempty"`
	Languages []string `json:"languages,omitempty"`
}

// back is what pdu-decode says of it.
type back struct {
	message
	Alphabet string
	Concat   *concat
}

// What goes in comes out, whatever the alphabet, and in as many parts as "tool measure" says.
func TestPDURoundTrip(t *testing.T) {
	languages := []string{}
	for _, l := range sms.Languages() {
		languages = append(languages, l.String())
	}
	text := func(letters string) *rapid.Generator[*message] {
		return rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 0, 500, -1), func(s string) *message { return &message{Text: &s} })
	}
	for name, content := range map[string]*rapid.Generator[*message]{
		"gsm7": text("@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€"),
		"ucs2": text("aжß漢\u0301\U0001f600\U0001f3fd\u200d\n€"),
		"8bit": rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 500), func(b []byte) *message { s := strings.ToUpper(hex.EncodeToString(b)); return &message{Data: &s} }),
		// One language after the other: Turkish, Spanish, Portuguese, Bengali, Hindi, Urdu.
		"national": rapid.Custom(func(t *rapid.T) *message {
			letters := rapid.SampledFrom([]string{"ğışŞĞİç€ aA", "áíóúÁç€ aA", "êçÀÊóáãâ€ aA", "অআইকখগ aA1", "नमस्तेअआ aA1", "اآبڀپ aA1"}).Draw(t, "letters")
			m := text(letters).Draw(t, "text")
			m.Languages = languages
			return m
		}),
	} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			m := content.Draw(t, "content")
			m.Number = rapid.StringMatching(`\+[1-9][0-9]{2,14}|[0-9]{3,20}`).Draw(t, "number")
			m.SMSC = rapid.StringMatching(`(\+[1-9][0-9]{2,14})?`).Draw(t, "smsc")
			if class := rapid.IntRange(-1, 3).Draw(t, "class"); class >= 0 {
				m.Class = &class
			}
			m.Ref = rapid.IntRange(0, 0xffff).Draw(t, "ref")
			m.Receipt = rapid.Bool().Draw(t, "receipt")
			m.Validity = rapid.SampledFrom([]any{nil, 300., 86400., 63 * 7 * 86400., "2089-12-31T23:59:59+14:00"}).Draw(t, "validity")
			roundTrip(t, *m)
		}))
	}
}

func roundTrip(t *rapid.T, m message) {
	question, _ := json.Marshal(m)
	var e encoded
	tell(t, "pdu-encode", string(question), &e)
	if len(e.TPDUs) == 0 || len(e.TPDUs) != len(e.Lengths) {
		t.Fatalf("%d TPDUs, %d lengths", len(e.TPDUs), len(e.Lengths))
	}
	text, data := "", ""
	for i, digits := range e.TPDUs {
		var b back
		tell(t, "pdu-decode", `{"pdu":"`+digits+`","dir":"mo"}`, &b)
		if octets, _ := hex.DecodeString(digits); len(octets)-int(octets[0])-1 != e.Lengths[i] {
			t.Fatalf("%s has not the length %d", digits, e.Lengths[i])
		}
		if b.Number != m.Number || b.SMSC != m.SMSC || b.Receipt != m.Receipt || b.Validity != m.Validity ||
			(b.Class == nil) != (m.Class == nil) || b.Class != nil && *b.Class != *m.Class {
			t.Fatalf("%+v became %+v", m, b)
		}
		if want := (concat{uint16(m.Ref), len(e.TPDUs), i + 1}); len(e.TPDUs) > 1 && (b.Concat == nil || *b.Concat != want) {
			t.Fatalf("%+v is part %+v", want, b.Concat)
		}
		if b.Text != nil {
			text += *b.Text
		}
		if b.Data != nil {
			data += *b.Data
		}
	}
	if m.Text != nil && text != *m.Text || m.Data != nil && data != *m.Data {
		t.Fatalf("%q %q became %q %q", deref(m.Text), deref(m.Data), text, data)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// tell has a tool answer one line, which has to go well.
func tell(t *rapid.T, tool, line string, into any) {
	var out, errw strings.Builder
	if code := Run([]string{tool}, strings.NewReader(line+"\n"), &out, &errw); code != 0 {
		t.Fatalf("%s %s: code %d, %s%s", tool, line, code, out.String(), errw.String())
	}
	if err := json.Unmarshal([]byte(out.String()), into); err != nil {
		t.Fatal(err)
	}
}

// The national tables are used, not UCS-2.
func TestPDUNational(t *testing.T) {
	_, answers, _ := ask(t, `{"number":"+15555550123","text":"`+strings.Repeat("ğ", 75)+`","languages":"turkish,hindi"}`, "pdu-encode")
	var e encoded
	if err := json.Unmarshal([]byte(answers[0]), &e); err != nil || len(e.TPDUs) != 1 {
		t.Fatalf("%v, %s", err, answers)
	}
	_, answers, _ = ask(t, `{"pdu":"`+e.TPDUs[0]+`","dir":"mo"}`, "pdu-decode")
	if !strings.Contains(answers[0], `"alphabet":"gsm7"`) || !slices.ContainsFunc([]string{`"udh":"03240101"`, `"udh":"03250101"`}, func(h string) bool { return strings.Contains(answers[0], h) }) {
		t.Error(answers[0])
	}
}

// FuzzPDU hands any line to the decoder: each gets one answer.
func FuzzPDU(f *testing.F) {
	f.Add(`{"pdu":"07919451550500F0040B915155550521F30000623010214365800AE8329BFD4697D9EC37"}`)
	f.Add(`{"pdu":"004407D0C161B3080018623010214365000A050003AB020204160021","tpdu":false,"dir":"mt"}`)
	f.Add(`{"pdu":"3107098151555521F300000B0AE8329BFD4697D9EC37","dir":"mo","tpdu":true}`)
	f.Add(`{"pdu":"00062A0B915155550521F3623010214365006230102143750045"}`)
	f.Add(`{"pdu":"000900098151555521F30000420A000000000000","dir":"mo"}`)
	f.Add("{}\n\n\"\x00")
	f.Fuzz(func(t *testing.T, input string) {
		want, failed := 0, false
		for _, line := range strings.Split(input, "\n") {
			if strings.TrimSpace(line) != "" {
				want++
			}
		}
		code, answers, errw := ask(t, input, "pdu-decode")
		for _, a := range answers {
			failed = failed || strings.HasPrefix(a, `{"error":`)
		}
		if want == 0 && answers[0] == "" {
			answers = nil
		}
		if len(answers) != want || errw != "" || (code == 1) != failed || code > 1 {
			t.Errorf("%q: code %d, %s, %d answers to %d lines: %s", input, code, errw, len(answers), want, answers)
		}
	})
}
