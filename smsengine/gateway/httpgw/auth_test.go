package httpgw

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postel-mail/postel/smsengine"
)

// withAuth is a provider that wants to know us in this way, at a fake.
func withAuth(t *testing.T, f *fake, auth string) *Gateway {
	t.Helper()
	file := `name = "Company"
verified = "unverified"
splits = "provider"
alphabets = ["gsm7"]
need = [
  { name = "id", words = "the ID" },
  { name = "key", words = "the key", secret = true },
]
[send]
url = "http://sms.example.org/send?to=%number%&id=%id%&key=%key%"
[send.auth]
` + auth
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("key=hush&hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := New("office", ours, Config{Provider: "company", Values: []Value{{"id", "john"}}, SecretsFile: secrets},
		Options{Files: []fs.FS{fstest.MapFS{"company.toml": {Data: []byte(file)}}}})
	if err != nil {
		t.Fatal(err)
	}
	f.connect(g)
	return g
}

func TestWaysToSayWhoAsks(t *testing.T) {
	for auth, want := range map[string]string{
		"kind = \"basic\"\nuser = \"%id%\"\npassword = \"%key%\"":                                                    `^Basic am9objpodXNoJmh1c2g=$`,
		"kind = \"bearer\"\ntoken = \"%key%\"":                                                                       `^Bearer hush&hush$`,
		"kind = \"header\"\nname = \"Authorization\"\nvalue = \"Key %id%:%key%\"":                                    `^Key john:hush&hush$`,
		"kind = \"sigv4\"\nservice = \"sns\"\nregion = \"eu-west-1\"\naccess_key = \"%id%\"\nsecret_key = \"%key%\"": `^AWS4-HMAC-SHA256 Credential=john/[0-9]{8}/eu-west-1/sns/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$`,
	} {
		f := newFake(t, says(fine))
		g := withAuth(t, f, auth)
		if class, err := classOf(t, g); class != smsengine.OK {
			t.Fatal(err)
		}
		if got := f.requests[0].Header.Get("Authorization"); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %q", auth, got)
		}
	}
	f := newFake(t, says(fine))
	g := withAuth(t, f, "kind = \"query\"\nname = \"api key\"\nvalue = \"%key%\"")
	if class, err := classOf(t, g); class != smsengine.OK || f.requests[0].URL.Query().Get("api key") != "hush&hush" {
		t.Errorf("%v, %s", err, f.requests[0].URL)
	}
}

// issuer gives out tokens, and takes texts with the newest.
type issuer struct {
	refuse string // what it says instead of a token
	given  int
	fail   bool // the provider does not take the newest either
}

func (i *issuer) serve(f *fake, c net.Conn) {
	for r := bufio.NewReader(c); ; {
		req, err := f.read(r)
		if err != nil {
			return
		}
		answer := fine
		switch newest := fmt.Sprintf("Bearer token-%d", i.given); {
		case req.URL.Path == "/token" && i.refuse != "":
			answer = i.refuse
		case req.URL.Path == "/token":
			i.given++
			token := fmt.Sprintf(`{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, i.given)
			answer = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(token), token)
		case req.Header.Get("Authorization") != newest || i.fail:
			answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

const oauth = `kind = "oauth2"
token_url = "http://login.example.org/token"
client_id = "%id%"
client_secret = "%key%"
scopes = ["sms"]
`

func TestTokens(t *testing.T) {
	i := &issuer{}
	f := newFake(t, i.serve)
	g := withAuth(t, f, oauth)
	for range 3 {
		if class, err := classOf(t, g); class != smsengine.OK {
			t.Fatal(err)
		}
	}
	if i.given != 1 {
		t.Errorf("three texts took %d tokens", i.given)
	}
	// A token that is not taken any more is forgotten, and the gateway is held
	// until the next is tried.
	i.fail = true
	if class, err := classOf(t, g); class != smsengine.Temporary {
		t.Error(err)
	}
	i.fail = false
	g.rest.over(g.rest.era)
	if class, err := classOf(t, g); class != smsengine.OK || i.given != 2 {
		t.Errorf("%d tokens, %v", i.given, err)
	}
}

func TestNoToken(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 61\r\n\r\n{\"error\":\"invalid_client\",\"error_description\":\"hush&hush no\"}": "Company refuses the credentials",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n":                              "Company takes texts",
		"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example.org/\r\nContent-Length: 0\r\n\r\n": "Company refuses the credentials",
	} {
		i := &issuer{refuse: answer}
		f := newFake(t, i.serve)
		g := withAuth(t, f, oauth)
		class, err := classOf(t, g)
		if class != smsengine.Temporary || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: it is %s: %v", answer, class, err)
		}
		if h, _ := g.Check(t.Context()); !strings.HasPrefix(h.Text, want) {
			t.Errorf("%s: %s", answer, h.Text)
		}
		for _, r := range f.requests {
			if r.URL.Path != "/token" || r.Method != http.MethodPost {
				t.Errorf("without a token it asked for %s", r.URL)
			}
		}
	}
}
