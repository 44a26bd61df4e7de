package httpgw

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

var update = flag.Bool("update", false, "write the requests that are made into testdata, to be compared with the provider's document")

// TestGolden makes the requests of testdata/ID.txtar and reads the answers that
// the provider's document gives. The sections of a case are
//
//	NAME.send      what is sent, "to: +15555550123"; may be missing
//	NAME.request   method, URL and header fields that must be there, and the body
//	NAME.answer    as it comes over the wire
//	NAME.outcome   "accepted ID", or class, code and words; then what the gateway
//	               does, "rests: reason", if it does
func TestGolden(t *testing.T) {
	ids, err := provider.List(gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			file := filepath.Join("testdata", id+".txtar")
			golden, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatalf("each provider has its dialogues: %v", err)
			}
			if !strings.Contains(string(golden.Comment), "://") && id != "server" && id != "generic-url" {
				t.Errorf("%s names no document", file)
			}
			sections := map[string]*txtar.File{}
			for i := range golden.Files {
				sections[golden.Files[i].Name] = &golden.Files[i]
			}
			for _, name := range slices.Sorted(maps.Keys(sections)) {
				if name, ok := strings.CutSuffix(name, ".answer"); ok {
					t.Run(name, func(t *testing.T) { dialogue(t, id, sections, name) })
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(golden), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// dialogue tries one case.
func dialogue(t *testing.T, id string, sections map[string]*txtar.File, name string) {
	g := fromValues(t, id, sections["values"].Data)
	sent := &recorder{answer: sections[name+".answer"].Data}
	g.client.Transport = sent
	g.now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	var said []byte
	if f := sections[name+".send"]; f != nil {
		said = f.Data
	}
	taking, err := g.Send(t.Context(), delivery(t, g, said))
	got := fmt.Sprintf("accepted %s", taking.Reference)
	if err != nil {
		s := smsengine.StatusOf(err)
		got = fmt.Sprintf("%s %s %s", s.Class, s.Code, s.Text)
	}
	if ready, text := g.rest.state(); !ready {
		text, _, _ = strings.Cut(text, ",")
		got += "\nrests: " + text
	}
	if want := strings.TrimSpace(string(sections[name+".outcome"].Data)); strings.TrimSpace(got) != want {
		t.Errorf("it came to\n%s\nwant\n%s\n(%v)", got, want, err)
	}
	golden := sections[name+".request"]
	switch {
	case golden == nil:
	case *update:
		golden.Data = sent.record(golden.Data)
	case string(sent.record(golden.Data)) != string(golden.Data):
		t.Errorf("the request is\n%s\nwant\n%s", sent.record(golden.Data), golden.Data)
	}
}

// fromValues makes a gateway with the values of a dialogue file.
func fromValues(t testing.TB, id string, values []byte) *Gateway {
	t.Helper()
	p, err := provider.Load(id, gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Provider: id}
	var secrets []string
	for line := range strings.Lines(string(values)) {
		var v Value
		if err := v.UnmarshalText([]byte(strings.TrimSpace(line))); err != nil {
			t.Fatal(err)
		}
		if n, _ := p.Need(v.Name); n.Secret {
			secrets = append(secrets, line)
		} else {
			c.Values = append(c.Values, v)
		}
	}
	if secrets != nil {
		c.SecretsFile = filepath.Join(t.TempDir(), "secrets")
		if err := os.WriteFile(c.SecretsFile, []byte(strings.Join(secrets, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if p.Send.Auth.Kind == provider.CertificateAuth {
		c.ClientCertificate = certificate(t)
	}
	g, err := New("office", ours, c, Options{
		Files: files, IncomingURL: hooks + "/in", ReceiptsURL: hooks + "/receipts",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

const (
	ours  = "+15555550100"
	hooks = "https://sms.example.com/hooks/office/Zm9v"
)

// delivery is what a section says.
func delivery(t testing.TB, g *Gateway, said []byte) smsengine.Delivery {
	t.Helper()
	m := smsengine.Message{
		ID: "01hf6yk3ega2q8s5v7x9w3z1d4", Kind: smsengine.Text, To: smsengine.Phone("+15555550123"),
		Expires: g.now().Add(5 * 24 * time.Hour), Body: smsengine.Body{Alphabet: "gsm7"},
	}
	p := smsengine.Part{Text: "Hello, wörld €1 & more"}
	for line := range strings.Lines(string(said)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch key {
		case "to":
			m.To = smsengine.Phone(value)
		case "text":
			p.Text = value
		case "alphabet":
			m.Body.Alphabet = value
		case "data":
			p.Data, _ = hex.DecodeString(value)
			p.Text, m.Body.Alphabet = "", "binary"
		case "flash":
			m.Body.Flash = value == "1"
		case "udh":
			p.UDH, _ = hex.DecodeString(value)
		case "sender", "value", "pid", "dcs":
			m.Body.Params = append(m.Body.Params, smsengine.Param{Name: key, Value: value})
		default:
			t.Fatalf("%q means nothing", key)
		}
	}
	m.Parts = []smsengine.Part{p}
	return smsengine.Delivery{Message: m}
}

// recorder is a RoundTripper that keeps the request and gives an answer that was
// written down.
type recorder struct {
	answer []byte
	first  *http.Request
	header http.Header
	body   []byte
	tokens int
}

func (w *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		w.tokens++
		return answer(r, []byte("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"access_token\":\"token-of-an-hour\",\"token_type\":\"bearer\",\"expires_in\":3600}"))
	}
	w.first, w.header = r, r.Header
	w.body, _ = io.ReadAll(r.Body)
	return answer(r, w.answer)
}

// answer reads one as it was written down, with "\n" for line ends.
func answer(r *http.Request, raw []byte) (*http.Response, error) {
	head, body, _ := bytes.Cut(raw, []byte("\n\n"))
	body = bytes.TrimRight(body, "\n")
	text := strings.ReplaceAll(string(head), "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return http.ReadResponse(bufio.NewReader(strings.NewReader(text)), r)
}

// volatile header fields are checked to be there.
var volatile = map[string]bool{"X-Amz-Date": true}

// record writes the request down, with the header fields that the golden one
// names.
func (w *recorder) record(golden []byte) []byte {
	if w.first == nil {
		return []byte("no request\n")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", w.first.Method, w.first.URL)
	head, _, _ := bytes.Cut(golden, []byte("\n\n"))
	for i, line := range strings.Split(string(head), "\n") {
		name, _, ok := strings.Cut(line, ": ")
		if i == 0 || !ok {
			continue
		}
		value := w.header.Get(name)
		scheme, rest, _ := strings.Cut(value, " ")
		switch credential, _, _ := strings.Cut(rest, "/"); {
		case volatile[name] && value != "":
			value = "..."
		case scheme == "AWS4-HMAC-SHA256":
			value = scheme + " " + credential + "/..."
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	if len(w.body) > 0 {
		fmt.Fprintf(&b, "\n%s\n", w.body)
	}
	return b.Bytes()
}

var files = []fs.FS{gateways.Files}
